"""From where on is something bad, and how much of it does a verdict take?

Every number that a verdict rests on, each with its reason.
"""

# --- what is bad, in one step of time ---------------------------------------------------------------------

STEP_MS = 10_000  # as often as the browser SDK samples: a step has one or two samples of everybody
BAD_LOSS_RATIO = 0.03  # from here on speech has audible gaps; Twilio's diagnostics call 3 % suboptimal, 8 % poor
BAD_JITTER_MS = 50.0  # beyond what a jitter buffer takes up unheard; Twilio's voice warns from 30 on, which is early
BAD_RTT_MS = 400.0  # people begin to talk into each other's words; Twilio's voice warns from here on
NARROW_BPS = 400_000.0  # voice and the poorest picture that is worth looking at
LOW_LEVEL = 2  # Twilio's words: 2 is below average, 1 bad, 0 broken
GOOD_LEVEL = 4  # good or excellent
STUTTERING_FPS = 12.0  # half of what a camera gives: movement is no longer smooth
SMOOTH_FPS = 15.0  # who limits a picture to this on purpose sees nothing wrong with it
MOST_RATIO = 0.5  # of the samples of a step, or of the people in a room

# --- how much of it is needed -----------------------------------------------------------------------------

LASTING_S = 30.0  # shorter than three steps may be a gust, which every wireless line has
GUST_S = 20.0  # a gust that begins in one step and ends in the next; no person would call the call bad
HEARD_S = 30.0  # who said less than this was not heard
HEARD_RATIO = 0.6  # of a room must have been heard, and found well, before nothing is said to be wrong
COMMON_LOSS_RATIO = 0.02  # what reaches everybody is thinned by what others send, so less of it tells more
COMMON_LOSS_SEEN_RATIO = 0.01  # and still less does where Twilio's level points to one of them
SEEN_BY = 2  # of those who are well themselves must see somebody at a low level: one alone may be mistaken

# --- what a crowd takes -----------------------------------------------------------------------------------

CROWD_HEARD = 4  # people elsewhere: fewer are an accident
CROWD_ROOMS = 2  # other rooms in which they are bad: one room may have a trouble of its own
CROWD_BAD_RATIO = 0.6  # "most", with room for those whom a trouble happens to spare
OTHERS_BAD_RATIO = 0.25  # those whom a common cause should spare may be this unlucky, and not more
ACCIDENT_RATIO = 0.01  # that so many of the bad share a value must be less likely by chance: four things are tried
CROWD_NETWORKS = 3  # networks they come from: fewer are one office, or one provider
NEIGHBOURS_HEARD = 2  # people of one network elsewhere: few share so much by accident

# --- connections ------------------------------------------------------------------------------------------

TOGETHER_MS = 20_000  # connections that broke for one reason broke within this time: 15 s is how late a server notices
OUTAGE_MS = 45_000  # the SDK gives up after 30 s: if it is not said to be back by now, that word was lost
LOST_TIMES = 2  # once is a lift or a changed network, which is over
# What only Twilio's servers can cause: too busy, no room made or joined, no media server, no more places for tracks.
SERVER_CODES = frozenset({53006, 53103, 53104, 53116, 53305})
