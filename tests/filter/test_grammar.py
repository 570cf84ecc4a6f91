"""Reading a filter: what it comes to, and where and in which words it is refused."""

from __future__ import annotations

import pytest

from inspector.filter import Filter, FilterError, parse
from tests.screen.harm import assert_harmless

SAME = [
    # Those of the issue, word for word.
    ("from client and opcode == ping", "from == client and opcode == ping"),
    ("finding.severity == error", "finding.severity == error"),
    ("length > 64KiB and not compressed", "length > 64KiB and not compressed"),
    ('text contains "room"', 'text contains "room"'),
    # Other ways to write the same.
    ("FROM Client && Opcode==9", "from == client and opcode == ping"),
    ("direction == client and opcode == 0x9", "from == client and opcode == ping"),
    ("!(fin || masked)", "not (fin or masked)"),
    ("fin and (masked and control)", "fin and masked and control"),
    ("fin or masked and control", "fin or (masked and control)"),
    ("(fin)", "fin"),
    ("length > 65536 AND length<1_048_576", "length > 64KiB and length < 1MiB"),
    ("length == 1MB", "length == 1000000"),
    ("length in {1..2,7 , 1KiB}", "length in {1..2, 7, 1KiB}"),
    ("close.code in {1000..1011}", "close.code in 1000..1011"),
    ("opcode not in {1, pong}", "opcode not in {text, pong}"),
    ("time > 2min or rtt < 1500us", "time > 120s or rtt < 1.5ms"),
    ("time == 0", "time == 0s"),
    ("text == 'it\\'s \\u00e4'", 'text == "it\'s ä"'),
    ('text matches "\\d+\\\\."', 'text matches "\\\\d+\\."'),
    ('masking_key == hex"de AD:be ef"', "masking_key == 0xdeadbeef"),
    ('payload contains "ä"', "payload contains 0xc3a4"),
    ('header["User-Agent"] contains "x"', 'header.user-agent contains "x"'),
    ("masked == true and fin != false", "masked == TRUE and fin != FALSE"),
    ("finding.severity in info..warning", "finding.severity in {info..warning}"),
    ("\tfin\n and\r\n masked ", "fin and masked"),
]


@pytest.mark.parametrize(("text", "same"), SAME)
def test_two_ways_to_say_it(text: str, same: str) -> None:
    assert parse(text) == parse(same)
    assert hash(parse(text)) == hash(parse(same))
    assert parse(str(parse(text))) == parse(text)
    assert eval(repr(parse(text)), {"parse": parse}) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "from == client and opcode == ping",
        "(fin or masked) and not control",
        "not (fin and masked)",
        "length in {1..2, 7, 1KiB}",
        "time > 50ms",
        'header["a b"] == "\\x1b[2J\\"\\\\"',
        "finding.rule != frame-unmasked-client",
        "ratio < 0.5",
    ],
)
def test_what_is_printed_is_what_was_written(text: str) -> None:
    assert str(parse(text)) == text


def test_filters_that_say_something_else() -> None:
    assert parse("fin") != parse("fin == true")
    assert parse("fin and masked") != parse("masked and fin")
    assert parse("fin") != "fin"
    assert len({parse("fin"), parse("(fin)"), parse("not fin")}) == 2


WRONG = [
    ("", 1, "the filter is empty; try opcode == ping"),
    ("   ", 1, "the filter is empty"),
    # Names
    ("fin and opcod == ping", 9, "there is no field 'opcod'; did you mean opcode?"),
    ("lenght > 3", 1, "did you mean length"),
    ("ping", 1, "did you mean opcode == ping?"),
    ("not client", 5, "did you mean from client?"),
    ("error", 1, "did you mean finding.severity == error?"),
    ("frame-unmasked-client", 1, "did you mean finding.rule == frame-unmasked-client?"),
    ("xyzzy", 1, "--filter help lists the fields"),
    ("header", 1, "'header' needs a name; try header.origin"),
    ('text["a"]', 1, "'text' has no parts in brackets"),
    # Values
    ('length == "x"', 11, "'x' is a text, and a number of bytes is expected; try 64KiB"),
    ("length > 64XiB", 10, "'XiB' is no unit of sizes; there are B, KiB"),
    ("length > 5 KiB", 12, "between a number and its unit is no space; write 5KiB"),
    ("length > 1e999", 10, "'1e999' is no number"),
    ("time > 5", 8, "a duration has a unit; there are ns, us, ms, s, min or h: try 5s"),
    ("length > 99999999999TB", 10, "'99999999999TB' is more than a length can be"),
    ("time > 99999999999h", 8, "'99999999999h' is longer than a thousand years"),
    ("time > 5KiB", 8, "'KiB' is no unit of time"),
    ("frame == 5B", 10, "a number without a unit is expected"),
    ("opcode == pin", 11, "'pin' is no opcode; did you mean ping?"),
    ("opcode == 16", 11, "'16' is no opcode; they go from 0 to 15"),
    ("finding.severity == fatal", 21, "'fatal' is no severity; there are info, warning and error"),
    ("finding.rule == frame-unmaskd-client", 17, "did you mean frame-unmasked-client"),
    ("from server and from clinet", 22, "'clinet' is no side; did you mean client?"),
    ("fin == yes", 8, "'yes' is a word, and true or false is expected"),
    ("text contains room", 15, "a text is expected, not 'room'; put it in quotes: \"room\""),
    ("masking_key == 0xabc", 16, "'0xabc' are no whole bytes; two hex digits make one"),
    ("payload == ping", 12, "'ping' is a word, and bytes are expected"),
    ('text == "ab\\ud800"', 12, "'\\ud800' is no character"),
    ('text matches "a("', 14, "in this pattern, at character 2: this parenthesis is never closed"),
    ("close.code in 1011..1000", 15, "the range ends before it begins"),
    ('text in "a".."b"', 9, "'text' is a text, which has no order"),
    # Operators
    ("fin > true", 5, "'fin' is true or false, which has no >; there are == and !="),
    ('opcode contains "x"', 8, "'opcode' is an opcode, which has no contains"),
    ("finding == 3", 9, "'finding' stands alone"),
    ("fin = true", 5, "= alone is no operator; write == to compare"),
    ("fin & masked", 5, "& alone is no operator; write and, or &&"),
    ("fin | masked", 5, "| alone is no operator"),
    ("text ~ /x/", 6, '~ is no operator; write matches "pattern"'),
    ("opcode ping", 8, "an operator is missing between 'opcode' and 'ping'; try opcode == ping"),
    ('text icontains "x"', 6, "'icontains' is no operator; try matches \"(?i)"),
    ('text is "x"', 6, "'is' is no operator; there are =="),
    ("close.code not 5", 16, "in is expected; try not in {1000, 1001}"),
    # Where things stand
    ("fin and", 8, "the filter ends here, and a condition is expected"),
    ("not", 4, "the filter ends here, and a condition is expected"),
    ("length >  ", 9, "the filter ends here, and a value is expected"),
    ("fin and (masked or (control)", 9, "this parenthesis is never closed"),
    ('(text == ")"', 1, "this parenthesis is never closed"),
    ("fin)", 4, "there is no parenthesis for this one to close"),
    ("()", 2, "a condition is expected"),
    ("close.code in {1000, 1001", 15, "this row is never closed; end it with }"),
    ("close.code in 1000", 19, "the filter ends here"),
    ("length in {}", 12, "a value is expected"),
    ('"room"', 1, 'a field is expected, not a text; did you mean text contains "room"?'),
    ("5 < length", 1, "a field is expected, not '5'"),
    ('fin and text == "abc', 17, "the text that begins here has no closing quote"),
    (
        "host == 127.0.0.1",
        14,
        "a point has no place here; texts, such as addresses, stand in quotes",
    ),
    ("header[x]", 8, "a name in quotes is expected"),
    ("fin $ masked", 5, "'$' has no place here"),
    ("fin\u00a0and masked", 4, r"'\u00a0' has no place here: it only looks like a space; type a"),
    ("fin masked", 5, "an operator is missing between 'fin' and 'masked'"),
]


@pytest.mark.parametrize(("text", "column", "words"), WRONG)
def test_an_error_names_the_column_and_what_to_do(text: str, column: int, words: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert (caught.value.column, caught.value.text) == (column, text)
    assert words in caught.value.told


def test_an_error_is_a_picture() -> None:
    with pytest.raises(FilterError) as caught:
        parse("fin and opcod == ping")
    assert str(caught.value).splitlines() == [
        "fin and opcod == ping",
        "        ^ there is no field 'opcod'; did you mean opcode?",
    ]


def test_the_picture_is_harmless_and_the_caret_below_its_column() -> None:
    hostile = 'text == "\x1b[2J\u202e漢字e\u0301" and opcod == 1'
    with pytest.raises(FilterError) as caught:
        parse(hostile)
    shown, below = str(caught.value).splitlines()
    assert_harmless(f"{shown}\n", 200)
    before = shown[: shown.index("opcod")]
    # Each of the two characters of the word takes two cells, the accent none.
    assert below.index("^") == len(before) + 2 - 1
    long = "fin and " * 100 + "opcod" + " and fin" * 100
    with pytest.raises(FilterError) as caught:
        parse(long)
    shown, below = str(caught.value).splitlines()
    assert shown[below.index("^") :].startswith("opcod and fin")
    assert len(shown) < 80


def test_nesting_has_an_end_that_is_told() -> None:
    deep = "not " * 100 + "fin"
    assert str(parse(deep)) == deep
    for text in ("not " * 101 + "fin", "fin and (" * 101 + "fin or not fin" + ")" * 101):
        with pytest.raises(FilterError, match="nested more than 100 deep"):
            parse(text)
    assert parse("(" * 4000 + "fin" + ")" * 4000) == parse("fin")
    assert isinstance(parse(" or ".join(["fin"] * 1000)), Filter)
    with pytest.raises(FilterError, match="at most 10,000 characters"):
        parse("x" * 10_001)
