"""How are bytes kept small on disk?

With zstd at its quickest.  A record of ours is JSON that says the same words again and again, and comes out at a tenth,
in less time than writing the rest would take.  Each function may be called from any thread, but from one at a time.
"""

import zstandard

pack = zstandard.ZstdCompressor(level=1).compress
unpack = zstandard.ZstdDecompressor().decompress
