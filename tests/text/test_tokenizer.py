from __future__ import annotations

import pickle
import time
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skcnn.text._tokenizer import normalize, tokenize, tokenize_all

EXAMPLES = {
    "words and punctuation": ("Win now!! (really)", "win now ! ! ( really )"),
    "apostrophes inside": ("I DON'T o'clock rock'n'roll", "i don't o'clock rock'n'roll"),
    "curly and other apostrophes": ("don’t don´t donʼt don\x92t", "don't don't don't don't"),
    "English endings": ("it's patient's I'm we'll", "it 's patient 's i 'm we 'll"),
    "stacked endings": ("can't've", "can't 've"),
    "French elisions": ("l'eau qu'il m'a C'EST", "l' eau qu' il m' a c' est"),
    "endings of one letter": ("the d's n't", "the d 's n't"),
    "an apostrophe in one character": ("ŉ", "' n"),
    "quotes are not apostrophes": ("'so' dogs' 's", "' so ' dogs ' ' s"),
    "hyphens part words": ("drug-induced x-ray", "drug - induced x - ray"),
    "underscores part words": ("snake_case", "snake _ case"),
    "numbers": ("3.5 of 1,000,000.50, or 7.", "3.5 of 1,000,000.50 , or 7 ."),
    "numbers with units": ("5mg 2.5mg 1st covid19", "5mg 2.5mg 1st covid19"),
    "Arabic digits": ("٣٫٥", "٣٫٥"),
    "money and percent": ("$5.00 10% £3", "$ 5.00 10 % £ 3"),
    "URLs": (
        "see HTTPS://a.example/b?c=d&e#f. (www.win.example/x), http://",
        "see https://a.example/b?c=d&e#f . ( www.win.example/x ) , http : / /",
    ),
    "mentions": ("@user_1 mail a@b.com @ home", "@user_1 mail a @ b . com @ home"),
    "hashtags": ("#Win_it #été C# ##x a#b", "#win_it #été c # # #x a # b"),
    "case": ("STRASSE straße ÉCOLE école ПРИВЕТ", "strasse strasse école école привет"),
    "full width": ("ＡＢＣ １２３！", "abc 123 !"),
    "composed and decomposed": ("e\u0301cole", "école"),
    "ligatures and signs": ("ﬁne x² Tylenol™ 1½", "fine x2 tylenol tm 1 1 ⁄ 2"),
    "emoji": ("👍🏽👨‍👩‍👧 ❤️‍🔥😀😀", "👍🏽 👨‍👩‍👧 ❤‍🔥 😀 😀"),
    "one heart, however it is typed": ("❤️ ❤", "❤ ❤"),
    "flags": ("🇩🇪🇫🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇩🇪 🇫🇷 🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
    "keycaps": ("1️⃣2️⃣#️⃣", "1⃣ 2⃣ #⃣"),
    "enclosing signs": ("12⃣ 📱⃠", "12⃣ 📱⃠"),
    "emoji at words": ("win😀now", "win 😀 now"),
    "Chinese": ("我爱abc，3.5元", "我 爱 abc , 3.5 元"),
    "Japanese": ("カタカナｶﾞ日本語です。", "カ タ カ ナ ガ 日 本 語 で す 。"),
    "Korean goes by words": ("한국어 글", "한국어 글"),
    "Indic vowels": ("किताब हिन्दी", "किताब हिन्दी"),
    "Persian joiners": ("می‌خواهم", "می‌خواهم"),
    "invisible marks": ("\ufeffsoft\u00adware \u200fשלום\u2060", "software שלום"),
    "control characters part words": ("a\x00b\x1fc\x7fd\u200be\u00a0f\u2028g", "a b c d e f g"),
    "lone surrogates": ("a\ud800b", "a \ud800 b"),
    "blank": (" \t\n\x00\u3000", ""),
}


@pytest.mark.parametrize(("text", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_a_text_is_split_where_a_reader_would(text, expected):
    assert tokenize(text) == expected.split(" ") if expected else tokenize(text) == []


def test_case_is_kept_on_request():
    assert tokenize("Don't SHOUT l'Été", lowercase=False) == ["Don't", "SHOUT", "l'", "Été"]
    assert tokenize("It'S HTTPS://A.example", lowercase=False) == [
        "It",
        "'S",
        "HTTPS://A.example",
    ]


def is_separator(character):
    return character.isspace() or unicodedata.category(character) == "Cc" or character == "\u200b"


any_text = st.text(st.characters(exclude_categories=())) | st.text(
    "aAzZ019'.,-_@#:/!’ \t\x00éßŉİкП日カ한ไ़ि\u0301\u200d\u200b️⃣👍🏽🇩👩🔥\ud800\ufeffhtps",
    max_size=40,
)


@given(any_text, st.booleans())
@example("http://a'b\"c.", True)
@example("\u0958\u0344ŉ\u1fbe", True)
def test_no_character_is_lost_or_changed_once_the_text_is_normalized(text, lowercase):
    kept = "".join(c for c in normalize(text, lowercase=lowercase) if not is_separator(c))
    tokens = tokenize(text, lowercase=lowercase)
    assert "".join(tokens) == kept
    assert all(tokens)


@given(any_text, st.booleans())
def test_normalizing_twice_is_normalizing_once(text, lowercase):
    once = normalize(text, lowercase=lowercase)
    assert normalize(once, lowercase=lowercase) == once


@given(st.text(st.characters(max_codepoint=127)))
def test_a_foreign_character_elsewhere_does_not_change_the_tokens(text):
    assert tokenize(text + " é") == [*tokenize(text), "é"]


HARD_TEXTS = {
    "marks in the wrong order": "a" + "\u0301\u0323\u0f73" * 30_000,
    "a URL that never comes": "http://" + "." * 100_000,
    "one number": "1" * 100_000,
    "a long list of numbers": "1," * 50_000,
    "apostrophes": "a'" * 50_000,
    "joined emoji": "👩\u200d" * 50_000,
    "at signs": "@" * 100_000,
}


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_a_text_made_to_be_hard_is_split_all_the_same(text):
    tokens = tokenize(text)
    assert "".join(tokens) == normalize(text)


def seconds(text):
    start = time.perf_counter()
    normalize(text)
    return time.perf_counter() - start


def test_the_order_of_many_marks_does_not_decide_about_the_time():
    marks = "\u0301\u0323"
    in_order, in_turn = "a" + marks[1] * 20_000 + marks[0] * 20_000, "a" + marks * 20_000
    assert normalize(in_turn) == normalize(in_order)
    assert seconds(in_turn) < 20 * min(seconds(in_order) for _ in range(3))


def test_sorting_many_marks_beforehand_changes_nothing():
    text = "x" * 1000 + "e" + "\u0301\u0323\u0344" * 20 + "😀" * 40
    assert normalize(text) == unicodedata.normalize("NFKC", text)


def test_all_texts_are_split_alike():
    texts = ["Win cash", "", "日本"]
    assert tokenize_all(texts) == [tokenize(text) for text in texts]
    assert tokenize_all(texts, lowercase=False)[0] == ["Win", "cash"]


LONG_TEXTS = ["", "a", "a b", "a b c", "a b c d e f"]


@pytest.mark.parametrize("max_length", [1, 2, 3, 9, np.int64(2)])
def test_a_longer_text_keeps_its_beginning(max_length):
    cut = tokenize_all(LONG_TEXTS, max_length=max_length)
    assert cut == [text.split()[:max_length] for text in LONG_TEXTS]


@pytest.mark.parametrize("kind", [tuple, list])
@pytest.mark.parametrize(
    ("pair", "longest"),
    [
        ((1, 1), "a f"),
        ((2, 1), "a b f"),
        ((0, 2), "e f"),
        ((2, 0), "a b"),
        ((3, 3), "a b c d e f"),
        ((2, 3), "a b d e f"),
        ((99, 1), "a b c d e f"),
    ],
)
def test_a_longer_text_keeps_its_beginning_and_its_end(kind, pair, longest):
    *others, last = tokenize_all(LONG_TEXTS, max_length=kind(pair))
    assert last == longest.split()
    for text, tokens in zip(LONG_TEXTS, others, strict=False):
        if len(text.split()) <= sum(pair):
            assert tokens == text.split()


@given(st.lists(st.sampled_from("abc"), max_size=9), st.integers(0, 5), st.integers(0, 5))
def test_what_is_kept_is_in_order_and_of_the_promised_length(words, head, tail):
    [tokens] = tokenize_all([" ".join(words)], max_length=(head, tail))
    assert len(tokens) == min(len(words), head + tail)
    assert tokens[:head] == words[:head]
    assert (
        tokens[len(tokens) - min(tail, len(words)) :] == words[len(words) - min(tail, len(words)) :]
    )


def test_the_users_tokens_are_cut_as_well():
    assert tokenize_all(["a+b+c"], split_in_plus, max_length=(1, 1)) == [["a", "c"]]
    assert tokenize_all(["a+b+c"], split_in_plus, max_length=2) == [["a", "b"]]
    with pytest.raises(TypeError, match="token 3 of type int"):
        tokenize_all(["a"], lambda text: ["a", "b", 3], max_length=1)


def split_in_plus(text):
    return (part for part in text.split("+"))


def test_a_tokenizer_of_the_users_own_is_used():
    tokenizer = pickle.loads(pickle.dumps(split_in_plus))
    assert tokenize_all(["Win+cash now", ""], tokenizer) == [["win", "cash now"], [""]]
    assert tokenize_all(["Win+cash"], tokenizer, lowercase=False) == [["Win", "cash"]]


def test_tokens_of_the_users_tokenizer_become_plain_strings():
    [[token]] = tokenize_all(["win"], lambda text: np.array([text]))
    assert type(token) is str


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        (str.strip, "type str for the text in row 0"),
        (lambda text: None, "type NoneType for the text in row 0"),
        (lambda text: text.encode(), "type bytes"),
        (lambda text: list(text) if text < "b" else [1], "token 1 of type int.*row 1"),
    ],
)
def test_a_tokenizer_that_returns_anything_else_is_refused(tokenizer, message):
    with pytest.raises(TypeError, match=message):
        tokenize_all(["a", "b"], tokenizer)
