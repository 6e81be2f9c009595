"""Invented texts in the formats of the real corpora, and a server of files on this machine."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from skcnn.datasets._catalog import CORPORA, Corpus
from skcnn.datasets._readers import Row, digest_of


def _zipped(name: str, text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for each, content in (("readme", "not this one"), (name, text)):
            archive.writestr(zipfile.ZipInfo(each), content)  # without the time of now
    return file.getvalue()


FILES: dict[str, bytes] = {
    "sms_spam.zip": _zipped(
        "SMSSpamCollection", "ham\tsee  you at 5\rok? \nspam\tWIN £5\tnow\nham\tsee you at 5 ok?\n"
    ),
    "hate_offensive.csv": (
        b",count,hate_speech,offensive_language,neither,class,tweet\n"
        b"0,3,0,0,3,2,a quiet day\n"
        b'1,3,0,3,0,1,"""rude"" they\n\nsaid"\n'
        b"7,3,3,0,0,0,go away &amp; stay away\n"
    ),
    "clinc150_imbalanced.json": json.dumps(
        {
            "oos_val": [["who won the cup", "oos"]],
            "train": [["what\u2019s my balance ", "balance"], ["say hi in french", "translate"]],
            "oos_train": [["are ducks loud", "oos"]],
        },
        indent=4,
    ).encode(),
    "ade_related.txt": (
        b"1|Rash after  drug A.|Rash|0|4|drug A|11|17\n1|Rash after  drug A.|Rash|0|4|A|16|17\n"
    ),
    "ade_others.txt": b"2 NEG The patient  recovered.\n3 NEG A trial is under way.\n",
    "clothing_reviews.csv": (
        b",Clothing ID,Age,Title,Review Text,Rating,Recommended IND,Class Name\n"
        b'0,767,33,,"Soft, and  warm",4,1,Knits\n'
        b'1,1080,34,Falls flat,"Too\nlong",2,0,Dresses\n'
        b"2,1077,60,Nice,,5,1,Dresses\n"
    ),
    "stackoverflow_titles.txt": "Fill a DataSet\u2026 \nTheme is blank\nJoin on XML\n".encode(),
    "stackoverflow_tags.txt": b"18\n1\n2\n",
    "waimai_reviews.csv": '\ufefflabel,review\n1,"很快,好吃"\n0,太慢了\n'.encode(),
    "movie_reviews.txt": "0 a clich\xe9 . \n1 warm and funny . \n".encode("latin-1"),
    "mpqa.txt": b"0 complaining\n1 \n",
    "sst2_train.txt": "1 a b\xe9art film .\n".encode(),
    "sst2_dev.txt": b"0 dull .\n",
    "sst2_test.txt": b"1 bright .\n",
    "trec_train.txt": b"3 Who was Galileo ?\n",
    "trec_test.txt": b"5 How far is it ?\n",
}
ROWS: dict[str, list[Row]] = {
    "sms_spam": [
        Row("ham", "see you at 5 ok?"),
        Row("spam", "WIN £5 now"),
        Row("ham", "see you at 5 ok?"),
    ],
    "hate_offensive": [
        Row("neither", "a quiet day"),
        Row("offensive", '"rude" they said'),
        Row("hate", "go away &amp; stay away"),
    ],
    "clinc150": [
        Row("oos", "who won the cup", "val"),
        Row("balance", "what\u2019s my balance", "train"),
        Row("translate", "say hi in french", "train"),
        Row("oos", "are ducks loud", "train"),
    ],
    "ade_sentences": [
        Row("ade", "Rash after drug A."),
        Row("ade", "Rash after drug A."),
        Row("not_ade", "The patient recovered."),
        Row("not_ade", "A trial is under way."),
    ],
    "clothing_reviews": [
        Row("recommended", "Soft, and warm"),
        Row("not_recommended", "Falls flat. Too long"),
    ],
    "stackoverflow_titles": [
        Row("other", "Fill a DataSet\u2026"),
        Row("web", "Theme is blank"),
        Row("other", "Join on XML"),
    ],
    "waimai_reviews": [Row("pos", "很快,好吃"), Row("neg", "太慢了")],
    "movie_reviews": [Row("0", "a clich\xe9 ."), Row("1", "warm and funny .")],
    "mpqa": [Row("0", "complaining"), Row("1", "")],
    "sst2": [
        Row("1", "a b\xe9art film .", "train"),
        Row("0", "dull .", "val"),
        Row("1", "bright .", "test"),
    ],
    "trec": [Row("3", "Who was Galileo ?", "train"), Row("5", "How far is it ?", "test")],
}


def of_samples(name: str) -> Corpus:
    """A corpus whose checksums are those of its sample."""
    corpus = CORPORA[name]
    files = tuple(
        replace(file, sha256=file.sha256 and hashlib.sha256(FILES[file.name]).hexdigest())
        for file in corpus.files
    )
    return replace(corpus, files=files, digest=corpus.digest and digest_of(ROWS[name]))


@dataclass
class Server:
    """A server of files: what it has, what was asked for, and how it misbehaves."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    asked: list[str] = field(default_factory=list)
    announces_more_bytes: int = 0
    failures: int = 0  # how many requests are refused before it works
    stalls: threading.Event | None = None  # after half a file it waits for this event


@contextmanager
def serving() -> Iterator[Server]:
    """Serve the samples on a free port of this machine."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            state.asked.append(name)
            if state.failures:
                state.failures -= 1
                self.send_error(503)
                return
            if name not in state.files:
                self.send_error(404)
                return
            content = state.files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) + state.announces_more_bytes))
            self.end_headers()
            if state.stalls is not None:
                self.wfile.write(content[: len(content) // 2])
                state.stalls.wait()
                return
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.address = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield state
        server.shutdown()
        thread.join()
