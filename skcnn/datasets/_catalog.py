"""The corpora that can be downloaded: where they are, how to check and read them, who made them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skcnn.datasets._readers import (
    Reader,
    lines_reader,
    read_ade_sentences,
    read_clinc150,
    read_clothing_reviews,
    read_hate_offensive,
    read_sms_spam,
    read_stackoverflow_titles,
    read_waimai_reviews,
)

_GITHUB = "https://raw.githubusercontent.com"
_KIM = f"{_GITHUB}/harvardnlp/sent-conv-torch/master/data"
_STACKOVERFLOW = f"{_GITHUB}/jacoxu/StackOverflow/7c207f51e649fff9e4736610b9d44431bb7ccf00/rawText"
_ADE = f"{_GITHUB}/trunghlt/AdverseDrugReaction/master/ADE-Corpus-V2"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a corpus.

    Attributes
    ----------
    name : str
        Its name in the folder of downloaded files, and on a mirror.
    url : str
    sha256 : str or None
        The checksum of the file, where somebody published it. Otherwise `Corpus.digest` is checked.
    """

    name: str
    url: str
    sha256: str | None = None


@dataclass(frozen=True)
class Corpus:
    """A corpus that can be downloaded.

    Attributes
    ----------
    files : tuple of RemoteFile
    reader : function from the contents of the files to rows
    positive : str or None
        The label that matters. None: no class is rare.
    description : str
        What the texts are, their license, and what to cite.
    digest : str or None
        What `digest_of` returns for the rows. None: the files have checksums.
    """

    files: tuple[RemoteFile, ...]
    reader: Reader
    positive: str | None
    description: str
    digest: str | None = None

    def paths(self, folder: Path) -> list[Path]:
        """Return where the files are in a folder."""
        return [folder / file.name for file in self.files]


CORPORA = {
    "ade_sentences": Corpus(
        files=(
            RemoteFile(
                "ade_related.txt",
                f"{_ADE}/DRUG-AE.rel",
                "542cdc483ccc94927762eaf2c9a8ecac49a6c10037dda2895be6a6e20160f75a",
            ),
            RemoteFile(
                "ade_others.txt",
                f"{_ADE}/ADE-NEG.txt",
                "8f506c159042ce354fbf26981dc39971dde8f09b1158d94106eab1e516e53fcf",
            ),
        ),
        reader=read_ade_sentences,
        positive="ade",
        description="""\
ADE-Corpus-V2: sentences of medical case reports. "ade": a drug caused an adverse event.
A sentence has one row for each pair of drug and event. License: none stated.

H. Gurulingappa et al., "Development of a benchmark corpus to support the automatic extraction of
drug-related adverse effects from medical case reports", Journal of Biomedical Informatics 45, 2012.
""",
    ),
    "clinc150": Corpus(
        files=(
            RemoteFile(
                "clinc150_imbalanced.json",
                f"{_GITHUB}/clinc/oos-eval/48a0e1cff8f43dd4d0836ecb4ed5df08733e3d2e"
                "/data/data_imbalanced.json",
                "4886730b20c51eece26aa392ecae2717bfe9908680419e96255351c6148eb4cc",
            ),
        ),
        reader=read_clinc150,
        positive="oos",
        description="""\
CLINC150, imbalanced: questions to an assistant with 150 intents. "oos": out of scope, none of
them. The parts are train, val and test. License: CC BY 3.0.

S. Larson et al., "An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction",
EMNLP-IJCNLP 2019.
""",
    ),
    "clothing_reviews": Corpus(
        files=(
            RemoteFile(
                "clothing_reviews.csv",
                f"{_GITHUB}/AFAgarap/ecommerce-reviews-analysis/master"
                "/Womens%20Clothing%20E-Commerce%20Reviews.csv",
            ),
        ),
        reader=read_clothing_reviews,
        positive="not_recommended",
        digest="5e3f0a4c2a19ab953c037d78d1727f074db1a7f5cd7cb3b413248a03869fedd2",
        description="""\
Women's E-Commerce Clothing Reviews: title and text of reviews; "not_recommended" by the customer.
Reviews without text are left out. License: CC0.

A. F. Agarap, "Statistical Analysis on E-Commerce Reviews, with Sentiment Classification using
Bidirectional Recurrent Neural Network (RNN)", arXiv:1805.03687, 2018.
""",
    ),
    "hate_offensive": Corpus(
        files=(
            RemoteFile(
                "hate_offensive.csv",
                f"{_GITHUB}/t-davidson/hate-speech-and-offensive-language"
                "/6a1e3f02522963d820e302c3ad48b189552c143b/data/labeled_data.csv",
                "fcb8bc7c68120ae4af04a5b9acd58585513ede11e1548ebf36a5c2040b6f6281",
            ),
        ),
        reader=read_hate_offensive,
        positive="hate",
        description="""\
Tweets: hate, offensive language, or neither. They contain insults and slurs. License: MIT.

T. Davidson et al., "Automated Hate Speech Detection and the Problem of Offensive Language",
ICWSM 2017.
""",
    ),
    "movie_reviews": Corpus(
        files=(RemoteFile("movie_reviews.txt", f"{_KIM}/rt-polarity.all"),),
        reader=lines_reader("latin-1"),
        positive=None,
        digest="6ed69f17aa8e7fdd4c3a7e39e42b14185af8aa1c3ccf9286402ee3ad2c60cfdb",
        description="""\
MR: sentences of movie reviews, "0" negative and "1" positive. License: none stated.

B. Pang and L. Lee, "Seeing Stars: Exploiting Class Relationships for Sentiment Categorization with
Respect to Rating Scales", ACL 2005.
""",
    ),
    "mpqa": Corpus(
        files=(RemoteFile("mpqa.txt", f"{_KIM}/mpqa.all"),),
        reader=lines_reader("latin-1"),
        positive="1",
        digest="ad646036a8da54d51fc07d1302af175ab741153739f317b88f35bdffcc42b449",
        description="""\
MPQA: short phrases of news with an opinion, "0" negative and "1" positive. License: none stated.

J. Wiebe, T. Wilson and C. Cardie, "Annotating Expressions of Opinions and Emotions in Language",
Language Resources and Evaluation 39, 2005.
""",
    ),
    "sms_spam": Corpus(
        files=(
            RemoteFile(
                "sms_spam.zip",
                "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip",
                "1587ea43e58e82b14ff1f5425c88e17f8496bfcdb67a583dbff9eefaf9963ce3",
            ),
        ),
        reader=read_sms_spam,
        positive="spam",
        description="""\
SMS Spam Collection: messages, "ham" or "spam". License: CC BY 4.0.

T. A. Almeida, J. M. Gomez Hidalgo and A. Yamakami, "Contributions to the Study of SMS Spam
Filtering: New Collection and Results", DocEng 2011.
""",
    ),
    "sst2": Corpus(
        files=tuple(
            RemoteFile(f"sst2_{part}.txt", f"{_KIM}/stsa.binary.{part}")
            for part in ("train", "dev", "test")
        ),
        reader=lines_reader("utf-8", ("train", "val", "test")),
        positive=None,
        digest="da7a0b91bc2413abeb3da2ede83f2b52cb1ef7ff2fdd95606ee97ea98ad8980e",
        description="""\
SST-2: sentences of movie reviews, "0" negative and "1" positive. The parts are train, val and
test. License: none stated.

R. Socher et al., "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank",
EMNLP 2013.
""",
    ),
    "stackoverflow_titles": Corpus(
        files=(
            RemoteFile("stackoverflow_titles.txt", f"{_STACKOVERFLOW}/title_StackOverflow.txt"),
            RemoteFile(
                "stackoverflow_tags.txt",
                f"{_STACKOVERFLOW}/label_StackOverflow.txt",
            ),
        ),
        reader=read_stackoverflow_titles,
        positive="web",
        digest="211df5e28271a9f56f1668ec632aeb09f5c16634135a324bba5807b3bef4a76d",
        description="""\
Titles of questions on Stack Overflow, 1,000 for each of 20 tags. "web": the tags ajax, drupal,
magento, sharepoint and wordpress. License: CC BY-SA, as all contributions to Stack Overflow; the
source does not name a version.

J. Xu et al., "Short Text Clustering via Convolutional Neural Networks", NAACL-HLT 2015, workshop on
vector space modeling for natural language processing.
""",
    ),
    "trec": Corpus(
        files=(
            RemoteFile("trec_train.txt", f"{_KIM}/TREC.train.all"),
            RemoteFile("trec_test.txt", f"{_KIM}/TREC.test.all"),
        ),
        reader=lines_reader("latin-1", ("train", "test")),
        positive=None,
        digest="5874da42004a654204fc6c6cc5fc8e0048f47856b7c6426a9ca5af9f596207ea",
        description="""\
TREC: questions of six types, "0" to "5": description, entity, abbreviation, human being, location,
number. The parts are train and test. License: none stated.

X. Li and D. Roth, "Learning Question Classifiers", COLING 2002.
""",
    ),
    "waimai_reviews": Corpus(
        files=(
            RemoteFile(
                "waimai_reviews.csv",
                f"{_GITHUB}/SophonPlus/ChineseNlpCorpus/032ed697ea6b37f6b99b2203c8fdbe0a9b47fd3e"
                "/datasets/waimai_10k/waimai_10k.csv",
            ),
        ),
        reader=read_waimai_reviews,
        positive="pos",
        digest="9eb6f941bf27f22be4cc6b2940719262d2113bf5410dd3049945f1f645833a53",
        description="""\
waimai_10k: Chinese reviews of meals that were delivered, "pos" or "neg". License: none stated; the
source calls the authors unknown.

ChineseNlpCorpus, https://github.com/SophonPlus/ChineseNlpCorpus, 2018.
""",
    ),
}
