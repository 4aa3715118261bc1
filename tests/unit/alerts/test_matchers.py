import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matchers import (
    OPERATORS,
    Matcher,
    MatcherError,
    all_match,
    first_refusal,
    from_mapping,
    parse_matcher,
    parse_matchers,
    written,
)
from alerts.patterns import VALUE_LIMIT, PatternError, compiled, fits

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
matchers = st.builds(Matcher, names, st.sampled_from(["=", "!="]), st.text(max_size=40)) | st.builds(
    Matcher,
    names,
    st.sampled_from(["=~", "!~"]),
    st.sampled_from(["", "a|b", r"class-\d+", '"', "a{2,3}", "a, b", "{"]),
)


@given(matchers)
def test_what_a_matcher_prints_reads_back_as_itself(matcher):
    assert parse_matcher(str(matcher)) == matcher


@given(st.lists(matchers, min_size=1, max_size=5))
def test_so_does_what_several_print(several):
    assert parse_matchers(written(several)) == tuple(several)


@pytest.mark.promise("P28")
@pytest.mark.parametrize(
    ("text", "video", "data", "absent"),
    [
        ('team="video"', True, False, False),
        ('team!="video"', False, True, True),
        ('team=~"vid.*|audio"', True, False, False),
        ('team!~"vid.*|audio"', False, True, True),
        ('team=""', False, False, True),
        ('team!=""', True, True, False),
        ('team=~".*"', True, True, True),
        ('team=~".+"', True, True, False),
    ],
)
def test_an_absent_label_is_an_empty_one(text, video, data, absent):
    matcher = parse_matcher(text)
    assert [matcher.matches(each) for each in ({"team": "video"}, {"team": "data"}, {})] == [video, data, absent]


def test_a_pattern_is_about_the_whole_value():
    assert not parse_matcher("team=~vid").matches({"team": "video"})
    assert not parse_matcher("team=~a|b").matches({"team": "ab"})


@pytest.mark.parametrize(
    "text",
    [
        'team="video"',
        "team=video",
        ' team = "video" ',
        "{team=video}",
        '{ team="video", }',
    ],
)
def test_quotes_spaces_and_braces_are_as_amtool_takes_them(text):
    assert parse_matchers(text) == (Matcher("team", "=", "video"),)


def test_several_are_told_apart_by_commas_outside_of_quotes():
    assert parse_matchers('{a="x, y", b!=z,c=~"q{1,2}"}') == (
        Matcher("a", "=", "x, y"),
        Matcher("b", "!=", "z"),
        Matcher("c", "=~", "q{1,2}"),
    )
    assert parse_matchers(["a=x,b=y", "c=z"]) == from_mapping({"a": "x", "b": "y", "c": "z"})
    assert parse_matchers("{}") == ()


def test_a_backslash_that_escapes_nothing_is_a_backslash():
    assert parse_matcher(r'room_name=~"class\.\d+"').value == r"class\.\d+"
    assert parse_matcher(r'room_name="a\"b\\c\nd"').value == 'a"b\\c\nd'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("severity", "expected a matcher such as severity=\"critical\", got 'severity'"),
        ('severity="critical', "expected a matcher"),
        ("severity==critical", "expected a matcher such as .*, got 'severity==critical'"),
        ("{severity=critical", "expected a closing brace"),
        ("a=b, e", "expected a matcher such as .*, got 'e'"),
        ("a=b c=d", "expected a matcher such as .*, got 'a=b c=d'"),
        ("9a=b", "expected the name of a label such as severity, got '9a'"),
        ('team=~"("', r"team: expected a regular expression, got '\('"),
        ('team=~"[a"', r"team: expected a regular expression"),
        ('team=~"(a+)+b"', "no repetition of what has alternatives or repetitions in it"),
        ('team=~"' + "a" * 501 + '"', "at most 500 characters, got 501"),
        ("team=" + "a" * 1001, "at most 1000 characters, got 1001"),
    ],
)
def test_a_matcher_at_fault_is_told_what_was_expected(text, complaint):
    with pytest.raises(MatcherError, match=complaint):
        parse_matcher(text)


def test_one_matcher_is_not_several():
    with pytest.raises(MatcherError, match="expected one matcher, got 2"):
        parse_matcher("a=b,c=d")


@pytest.mark.parametrize(
    ("text", "labels", "why"),
    [
        ("severity=critical", {"severity": "info"}, "severity is info, not critical"),
        ("room_name=class", {}, "room_name is not set"),
        ("severity!=info", {"severity": "info"}, "severity is info, which it must not be"),
        ("team=~video|audio", {"team": "data"}, "team is data, which does not match video|audio"),
        ("team!~video|audio", {"team": "audio"}, "team is audio, which matches video|audio"),
        ("team!=", {}, "team is not set"),
        ("severity=critical", {"severity": "critical"}, ""),
    ],
)
def test_a_refusal_says_what_the_label_is_and_what_it_should_be(text, labels, why):
    assert parse_matcher(text).refusal(labels) == why


@given(matchers, st.dictionaries(names, st.text(max_size=5), max_size=3))
def test_who_does_not_match_is_told_why(matcher, labels):
    assert bool(matcher.refusal(labels)) is not matcher.matches(labels)


def test_all_of_several_must_agree():
    several = parse_matchers("a=x, b!=y")
    assert all_match(several, {"a": "x"})
    assert not all_match(several, {"a": "x", "b": "y"})
    assert first_refusal(several, {"a": "x", "b": "y"}) == "b is y, which it must not be"
    assert first_refusal(several, {"a": "x"}) == ""


def test_every_operator_is_one_of_four():
    assert set(OPERATORS) == {"=", "!=", "=~", "!~"}


@pytest.mark.parametrize(
    "pattern",
    [
        *("video|audio", "class-.*", ".*foo.*bar.*", "(?i)acme", r"\d{4}-\d\d?", "(?:ab)+", "[^]x]+", "(dev|test)-.+"),
        *("", "a{2,3}", "eu[12]|us[1-9]", r"a\|b", "(a|b)?c", "x{2}", "(?:a[b)]c)d", "{}", "^us1$"),
    ],
)
def test_ordinary_patterns_are_taken(pattern):
    assert compiled(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(a+)+", "(a|a)*", "(a|ab)(c|bcd)" * 30, "a?" * 30 + "a" * 30, ".*.*.*.*x", "(a{1,9}){1,9}", "(?:a?){20}"),
        *("(a*)*", "((a*))*b", "(?=a)", "(?<!a)b", r"(a)\1", "(?P<n>a)", "(?x) a", "a{1001}", "a)", "(a", "a**", "*"),
        "(" * 240 + "a" + ")" * 240 + "++",
    ],
)
def test_patterns_that_could_take_for_ever_or_mean_nothing_are_refused(pattern):
    with pytest.raises(PatternError):
        compiled(pattern)


@given(st.text(alphabet="ab.|()*+?{}[]12,\\^$", max_size=30))
def test_no_pattern_that_is_taken_takes_long(pattern):
    try:
        compiled(pattern)
    except PatternError:
        return
    for text in ("a" * 1000, "ab" * 500, "a" * 255 + "c"):
        before = time.process_time()
        fits(pattern, text)
        assert time.process_time() - before < 2


def test_only_the_beginning_of_a_very_long_value_is_looked_at():
    assert fits("a+", "a" * VALUE_LIMIT + "b")


def test_the_worst_pattern_that_is_taken_takes_less_than_a_second():
    before = time.process_time()
    assert not fits(".*.*.*x", "a" * 10_000)
    assert time.process_time() - before < 1


def test_a_long_text_that_is_no_matcher_is_soon_refused():
    before = time.process_time()
    with pytest.raises(MatcherError):
        parse_matchers("a=" + " " * 200_000 + "=")
    assert time.process_time() - before < 1
