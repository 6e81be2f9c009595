"""From a text to its tokens.

One token is:

- a word: letters with their combining marks, digits, and apostrophes inside ("don't", "o'clock").
  English endings ('s 'm 'd 're 'll 've) and French elisions (l' d' qu' ...) are tokens of their
  own, so that the rest is a word that also occurs without them: "patient's" -> "patient", "'s";
  "l'eau" -> "l'", "eau". A hyphen separates words ("drug-induced" -> "drug", "-", "induced"),
  because many compounds are too rare to be learned and their parts are not;
- a number with points and commas inside ("3.5", "1,000"), and letters right after it ("5mg");
- a URL, an @mention, a #hashtag;
- an emoji as the reader sees it: with its skin tone, joined to others, a flag, a keycap;
- one Chinese or Japanese character (Korean is split into words);
- one other character that is not blank.

No character is lost: joined together, the tokens are the normalized text without its separators.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

Tokenizer = Callable[[str], Iterable[str]]
"""From a normalized text to its tokens."""

# White space, control characters, and the zero width space, which ends a word in Khmer.
SEPARATORS = r"\s\x00-\x1f\x7f-\x9f\u200b"

# Typographic apostrophes. \x92 is that of Windows-1252 in texts that were read as Latin-1.
APOSTROPHES = "\u2018\u2019\u02bc\u00b4\x92"
# Soft hyphens, marks of the writing direction, byte order marks and variation selectors. Readers
# do not see them, but they would make another word. Joiners stay, because they change what is seen.
INVISIBLE = "\u00ad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
INVISIBLE += "\U000e0100-\U000e01ef"
# Signs whose letters and digits NFKC would join to the word before: "Tylenol\u2122", "1\u00bd".
GLUED = "\u2120\u2122\u00bc-\u00be\u2150-\u215e"
_REWRITTEN = re.compile(f"([{APOSTROPHES}\u0149])|([{GLUED}])|[{INVISIBLE}]")

# NFKC sorts combining marks in a time that grows with the square of their number: it was measured
# to take 0.5 ms for 1,000 marks and 1.2 s for 40,000. So in texts of more than 1,000 characters,
# long runs of marks are sorted before. A run is long if it has more than the 30 marks that
# Unicode's stream-safe format allows (UAX #15).
_LONG_TEXT = 1000
_MANY_MARKS = re.compile(r"[^\w\s\x00-\x7f]{31,}")

_JOINERS = "\u200c\u200d"
CJK = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
LETTER = rf"[^\W_{CJK}]"
BETWEEN_CJK = re.compile(f"(?<=[{CJK}]) (?=[{CJK}])")
_EMOJI = "\u00a9\u00ae\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff"
# Enclosing signs, skin tones, and the tags that spell regional flags.
_EMOJI_MODIFIERS = "\u20e0-\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"

_URL_BODY = r"[!#-;=?-~]*[a-zA-Z0-9/#=&%_~+$@-]"  # a final period or comma is not part of it
_URL = rf"[hH][tT][tT][pP][sS]?://{_URL_BODY}|[wW]{{3}}\.{_URL_BODY}"


def normalize(text: str, *, lowercase: bool = True) -> str:
    """Return a text in its normalized spelling.

    Texts that look alike become equal: Unicode's normal form NFKC [1]_ (full and half width,
    ligatures, composed and decomposed accents), one kind of apostrophe, no invisible marks.

    Parameters
    ----------
    text : str
        Any string. Lone surrogates are allowed.
    lowercase : bool, default=True
        Whether to fold case as well: "STRASSE" and "straße" become "strasse".

    Returns
    -------
    str
        The normalized text. Normalizing it again changes nothing.

    References
    ----------
    .. [1] Unicode Standard Annex #15, Unicode Normalization Forms.

    Examples
    --------
    >>> normalize("ＥＣＯＬＥ don’t")
    "ecole don't"
    >>> normalize("ＥＣＯＬＥ don’t", lowercase=False)
    "ECOLE don't"
    """
    if text.isascii():
        return text.lower() if lowercase else text
    text = _REWRITTEN.sub(_rewritten, text)
    if len(text) > _LONG_TEXT:
        text = _MANY_MARKS.sub(_sorted_marks, text)
    text = unicodedata.normalize("NFKC", text)
    if lowercase:
        # Case folding can decompose characters again.
        text = unicodedata.normalize("NFKC", text.casefold())
    return text


def _rewritten(match: re.Match[str]) -> str:
    apostrophe, glued = match.groups()
    if apostrophe:
        return "'n" if apostrophe == "\u0149" else "'"
    return f" {glued}" if glued else ""


def _sorted_marks(match: re.Match[str]) -> str:
    """Return the marks of a run in the canonical order of NFKC."""
    decomposed = "".join(unicodedata.normalize("NFKD", character) for character in match[0])
    by_class = groupby(decomposed, key=lambda character: unicodedata.combining(character) > 0)
    return "".join(
        "".join(sorted(run, key=unicodedata.combining)) if is_mark else "".join(run)
        for is_mark, run in by_class
    )


def tokenize(text: str, *, lowercase: bool = True) -> list[str]:
    """Split a text of any language into tokens, as `CostSensitiveTextCNN` does by default.

    Parameters
    ----------
    text : str
        The text. It is normalized first (see `normalize`).
    lowercase : bool, default=True
        Whether "Cash" and "cash" become the same token.

    Returns
    -------
    list of str
        Words, numbers, URLs, @mentions, #hashtags, emoji, Chinese and Japanese characters, and
        single punctuation marks and symbols, in the order of the text. A blank text has no tokens.

    Examples
    --------
    >>> tokenize("Don't pay $1,000 at https://win.example!")
    ["don't", 'pay', '$', '1,000', 'at', 'https://win.example', '!']
    >>> tokenize("Cash", lowercase=False)
    ['Cash']
    """
    text = normalize(text, lowercase=lowercase)
    return _pattern_for(text).findall(text)


def iterate_tokens(normalized: str) -> Iterator[str]:
    """Yield the tokens of a normalized text one after the other."""
    return (match[0] for match in _pattern_for(normalized).finditer(normalized))


def _pattern_for(normalized: str) -> re.Pattern[str]:
    return _ASCII_TOKEN if normalized.isascii() else _unicode_token()


def tokenize_all(
    texts: Sequence[str],
    tokenizer: Tokenizer | None = None,
    *,
    lowercase: bool = True,
    max_length: int | tuple[int, int] | None = None,
) -> list[list[str]]:
    """Split every text into tokens, with `tokenize` or with a user's own function.

    Parameters
    ----------
    texts : sequence of str
        The texts.
    tokenizer : callable or None, default=None
        From one text to its tokens, which are strings. As in scikit-learn's vectorizers, it gets
        the normalized text, in lower case if `lowercase` is true. None means `tokenize`.
    lowercase : bool, default=True
        Whether to fold case.
    max_length : int, pair of int, or None, default=None
        How many tokens to keep of a longer text: its first ones, or a pair of how many to keep
        from its start and from its end. None keeps all.

    Returns
    -------
    list of lists of str
        The tokens of each text.

    Raises
    ------
    TypeError
        If `tokenizer` returns something else than several strings.

    Examples
    --------
    >>> tokenize_all(["Win cash-back"])
    [['win', 'cash', '-', 'back']]
    >>> tokenize_all(["Win cash-back"], str.split)
    [['win', 'cash-back']]
    >>> tokenize_all(["one two three four"], max_length=(1, 1))
    [['one', 'four']]
    """
    return Tokenization(tokenizer, lowercase, max_length)(texts)


def head_and_tail(max_length: int | tuple[int, int]) -> tuple[int, int]:
    """Return how many tokens to keep from the start and from the end of a longer text."""
    if isinstance(max_length, (tuple, list)):
        head, tail = max_length
        return head, tail
    return max_length, 0


@dataclass(frozen=True, slots=True)
class Tokenization:
    """The arguments of `tokenize_all`, for texts that come later."""

    tokenizer: Tokenizer | None
    lowercase: bool
    max_length: int | tuple[int, int] | None

    def __call__(self, texts: Sequence[str], first_row: int = 0) -> list[list[str]]:
        """Split n texts into tokens; errors count the rows from `first_row`."""
        if self.tokenizer is None:
            rows = [tokenize(text, lowercase=self.lowercase) for text in texts]
        else:
            rows = [
                checked_tokens(self.tokenizer(normalize(text, lowercase=self.lowercase)), row)
                for row, text in enumerate(texts, first_row)
            ]
        if self.max_length is None:
            return rows
        head, tail = head_and_tail(self.max_length)
        return [
            row if len(row) <= head + tail else row[:head] + row[len(row) - tail :] for row in rows
        ]


def checked_tokens(tokens: object, row: int) -> list[str]:
    """Return what a user's tokenizer gave for the text in a row, if it is several strings."""
    received = f"an object of type {type(tokens).__name__}"
    if isinstance(tokens, Iterable) and not isinstance(tokens, (str, bytes)):
        tokens = list(tokens)
        others = [token for token in tokens if not isinstance(token, str)]
        if not others:
            return [str.__str__(token) for token in tokens]
        received = f"the token {others[0]!r} of type {type(others[0]).__name__}"
    raise TypeError(
        f"tokenizer returned {received} for the text in row {row} (counted from 0); expected a "
        "list of strings. Return a list, as str.split does."
    )


@dataclass(frozen=True, slots=True)
class Characters:
    """Patterns of the kinds of characters that the pattern of a token consists of.

    Attributes
    ----------
    letter : one letter or digit that is part of a word
    marks : one or more combining marks or joiners
    digit : one digit
    in_word : one character of a word, or "_"
    separators : those inside a character set
    """

    letter: str
    marks: str
    digit: str = r"\d"
    in_word: str = r"\w"
    separators: str = SEPARATORS

    @property
    def word(self) -> str:
        """A word without apostrophes."""
        return rf"{self.letter}++(?:{self.marks}{self.letter}*+)*+"


def token_pattern(of: Characters, word: str, others: Iterable[str]) -> str:
    """Return the pattern of one token from those of its characters, a word and further tokens.

    Each alternative begins with a literal or a set of characters, so that the search can skip it
    at once. Its repetitions are possessive: they never give characters back, so the search is fast.
    """
    ending = rf"(?:[sS]|[mM]|[dD]|[rR][eE]|[lL][lL]|[vV][eE])(?!{of.letter})"
    elided = "[qQ][uU]|[cdjlmnstCDJLMNST]"
    alternatives = [
        *others,
        _URL,
        rf"{of.digit}++(?:[.,٫٬]{of.digit}++)++(?:{word})?+",
        rf"(?:{elided})'(?={of.letter})(?!{ending}|[tT](?!{of.letter}))",
        rf"{word}(?:'(?!{ending}){word})*+",
        rf"'(?<={of.letter}'){ending}",
        rf"@(?<!{of.in_word}@)[a-zA-Z0-9_]++",
        rf"#(?<!{of.in_word}#)(?:{word}|_)++",
        rf"[^{of.separators}]",
    ]
    return "|".join(alternatives)


def unicode_pattern(of: Characters) -> str:
    """Return the pattern of one token of any text."""
    one_emoji = f"[{_EMOJI}][{_EMOJI_MODIFIERS}]*+"
    others = (
        f"[{CJK}](?:{of.marks})?+",
        "[0-9#*]\u20e3",
        "[\U0001f1e6-\U0001f1ff]{2}",
        rf"{one_emoji}(?:\u200d{one_emoji})*+",
    )
    return token_pattern(of, of.word, others)


_ASCII_TOKEN = re.compile(
    token_pattern(Characters("[a-zA-Z0-9]", ""), "[a-zA-Z0-9]++", ()), re.ASCII
)


@cache
def _unicode_token() -> re.Pattern[str]:
    # The set of marks is slow to search. The lookahead avoids that for nearly all characters.
    marks = rf"(?=[^\w\x00-\u02ff])[{combining_marks()}]++"
    return re.compile(unicode_pattern(Characters(LETTER, marks)))


def combining_marks() -> str:
    """Return all combining marks and joiners, as they are written inside a character set of `re`.

    `re` does not count them as word characters, but Indic vowels are among them. The only ones
    beyond U+1FFFF are variation selectors, which `normalize` removes.
    """
    codes = (code for code in range(0x300, 0x20000) if unicodedata.category(chr(code))[0] == "M")
    consecutive: list[list[int]] = []
    for code in codes:
        if consecutive and consecutive[-1][-1] == code - 1:
            consecutive[-1].append(code)
        else:
            consecutive.append([code])
    marks = "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in consecutive)
    return f"{marks}{_JOINERS}"
