"""Which language a text is in, by its script and its commonest words."""

import re
from collections import Counter

_COMMONEST = {
    "en": "the of and to in we our that for is are on with this as by from have be their who all not these has",
    "fr": "le la les des et en nous que dans pour sur une est qui du au par aux sont notre nos cette pas "
    "avec plus ont leur",
    "es": "el la los las de que y en por para con una del se su nuestro nuestra al es como más sus este "
    "esta son han nos",
    "pt": "o a os as de que e em por para com uma do da não se dos das no na nos ao são mais pelo pela "
    "nosso nossa também sua",
    "de": "der die das und in wir zu den von mit für auf ist im nicht eine dem des sich sind als auch "
    "werden unsere dass ein",
    "sw": "ya na wa kwa za ni la katika kama sisi hii ili cha yetu zetu wao watu kuwa haki hizi wakimbizi "
    "nchi au pia",
    "it": "il lo gli di che e per una con non sono della delle dei nel alla più dal anche come questo "
    "nostra nostri siamo",
    "nl": "de het een van en in wij dat op voor met zijn niet aan ook onze door worden naar om bij deze hebben dit",
    "tr": "ve bir bu için ile olarak da de çok olan daha biz ki mülteci hak kadar gibi olduğu tüm",
    "so": "waa iyo oo ka ku u in ee ay aan la uu waxaan waxa dadka qaxootiga si loo kale leh",
    "sv": "och att det som en på är av för med den till inte om vi ett har de vår",
    "pl": "i w nie na się że z do jest o jak oraz dla są przez to aby od prawa których",
    "ro": "și de la în pe cu care este nu pentru din sunt mai au noastre acest prin",
    "ku": "û li de ji bo ku bi ye di me ev yên mafên penaberan ew an",
}
_SCRIPTS = (
    (re.compile("[\u0600-\u06ff]"), "ar"),
    (re.compile("[\u0400-\u04ff]"), "ru"),
    (re.compile("[\u1000-\u109f]"), "my"),
    (re.compile("[\u1200-\u137f]"), "am"),
    (re.compile("[\u0900-\u097f]"), "hi"),
    (re.compile("[\u0980-\u09ff]"), "bn"),
    (re.compile("[\u0b80-\u0bff]"), "ta"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u10a0-\u10ff]"), "ka"),
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"),
)
_WHOLE = 20_000


def language_of(text: str) -> str:
    """Return the code of the language most of a text is in; English where nothing tells."""
    text = text[:_WHOLE]
    letters = sum(1 for letter in text if letter.isalpha())
    for script, language in _SCRIPTS:
        if len(script.findall(text)) * 2 > letters > 0:
            return _among_neighbours(text, language)
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    votes = {code: sum(words[word] for word in common.split()) for code, common in _COMMONEST.items()}
    best = max(votes, key=lambda code: votes[code])
    return best if votes[best] else "en"


def _among_neighbours(text: str, language: str) -> str:
    """Tell apart languages that share a script, by letters that only one of them has."""
    if language == "ar":
        if len(re.findall("[ێۆڕڵە]", text)) * 20 > len(text):
            return "ckb"
        if len(re.findall("[ټډړږښګڼې]", text)) * 100 > len(text):
            return "ps"
        if len(re.findall("[ٹڈڑےں]", text)) * 60 > len(text):
            return "ur"
        return "fa" if len(re.findall("[پچژگکی]", text)) * 25 > len(text) else "ar"
    if language == "ru" and re.search("[іїєґ]", text):
        return "uk"
    if language == "am" and len(re.findall("[ኣእዩ፡ቕኽ]", text)) * 12 > len(text):
        return "ti"
    return language
