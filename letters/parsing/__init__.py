"""A letter published elsewhere is understood: a document becomes lines (`reading`), lines become its parts
(`document`), and what stands below the closing line becomes signatories (`name_lists`, `rows`).

Pure: it reads a file and returns dataclasses, and knows neither database nor settings. The words it goes by stand
in `phrases`, `territories`, `written_dates` and `spoken_language`.
"""

from letters.parsing.document import ParsedLetter, parse_letter
from letters.parsing.name_lists import ParsedSignatory
from letters.parsing.reading import UnreadableDocument, read_document

__all__ = ["ParsedLetter", "ParsedSignatory", "UnreadableDocument", "parse_letter", "read_document"]
