"""Yes/no questions turned into statements by undoing the question's word order.

Only questions whose subject and verb are known are turned so. Of any other the statement is made
anew from what it asks for, where its category says that and `question_meanings` can read it; else
there is None, never nonsense.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from wfa.bigearthnet.class_names import CLASS, is_plural
from wfa.bigearthnet.question_meanings import meant

_IMAGE = (
    r"(?:the|this)(?: (?:satellite|remote sensing|whole|entire|given|shown|depicted))*"
    r" (?:image|scene|view|picture|patch|photo|tile|area|region|landscape)"
)
_LAND = (
    r"(?:(?:any|some|an?|the|one)? ?(?:boundar(?:y|ies) of |edges? of )?"
    r"(?:(?:any|an|one) instances? of |instances of |(?:any )?(?:regions?|areas?|patches) of )?"
    r"(?:any |an? |the )?(?:land cover (?:type|class) )?)" + CLASS
)
_NUMBER = r"(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|\d+)"
_QUANTITY = (
    rf"(?:(?:more|fewer|less) than|at least|at most|exactly|only|just|over|under|up to|"
    rf"no (?:more|fewer|less) than|a (?:maximum|minimum) of) {_NUMBER}(?: or (?:more|fewer|less))?"
    rf"|{_NUMBER} or (?:more|fewer|less)"
)
_PIECES = rf"(?:{_QUANTITY})(?: [a-z-]+){{0,3}} of (?:any )?{CLASS}"
_EXTENT = (
    r"the (?:[a-z]+ )?"
    r"(?:area|surface|extent|coverage|cover|share|size|proportion|percentage|fraction)"
    rf"(?: (?:that is )?(?:covered|occupied|taken up))?(?: area)? (?:by|of) {CLASS}"
)
_PART = rf"(?:any|some|a|one)? ?(?:portion|part|section|area|share)s? of {_IMAGE}"
_BOTH = rf"{_LAND} and {_LAND}"
_SUBJECT = rf"(?:{_BOTH}|{_EXTENT}|{_PIECES}|{_PART}|{_LAND}|{_IMAGE})(?![\w-])"

_VERBS = (
    "cover|occupy|take|make|account|touch|border|abut|meet|adjoin|neighbou?r|lie|come|share|connect|"
    "appear|contain|include|show|depict|feature|capture|display|have|exhibit|form|exist|span|extend|"
    "fill|comprise|surround|reach|exceed|amount|sit|run|stretch|spread|represent|hold|present|"
    "reveal|portray|contact|bound|join|correspond|belong|consist|encompass|overlap|intersect|"
    "stand|face|flank|comprise|host|measure|total|constitute"
)
_PARTICIPLES = {
    "identify": "identified",
    "detect": "detected",
    "see": "seen",
    "find": "found",
    "observe": "observed",
    "recognise": "recognised",
    "recognize": "recognized",
    "spot": "spotted",
    "locate": "located",
    "notice": "noticed",
    "make out": "made out",
    "distinguish": "distinguished",
}
_GERUNDS = {
    "lying": "lie",
    "taking": "take",
    "making": "make",
    "touching": "touch",
    "bordering": "border",
    "abutting": "abut",
    "meeting": "meet",
    "covering": "cover",
    "occupying": "occupy",
    "sharing": "share",
    "having": "have",
    "being": "be",
    "containing": "contain",
    "showing": "show",
    "accounting": "account",
}


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^{pattern}\?$", re.IGNORECASE)


_SAY = (
    r"(?:Would you (?:say|confirm|agree|state|claim)|(?:Can|Could) you (?:confirm|verify|say|tell)"
    r"|Is it (?:true|correct|the case)|Do you (?:see|agree|think))"
)
_THAT = _rule(rf"{_SAY} that (?P<clause>(?:there (?:is|are) .*{CLASS}|{_SUBJECT} [a-z]).*)")
_DO = _rule(
    rf"(?P<aux>Do|Does) (?P<subject>{_SUBJECT}) (?P<adverbs>(?:(?:[a-z]+ly|also) )*)"
    rf"(?P<verb>{_VERBS})(?P<rest>\b.*)"
)
_THERE = _rule(rf"(?P<aux>Is|Are) there (?P<rest>.*{CLASS}.*)")
_IS = _rule(rf"(?P<aux>Is|Are) (?P<subject>{_SUBJECT}) (?P<rest>.+)")
_CAN_BE = _rule(rf"(?:Can|Could) (?P<subject>{_SUBJECT}) be (?P<rest>.+)")
_CAN_YOU = _rule(
    rf"(?:Can|Could|Do) you (?P<verb>{'|'.join(_PARTICIPLES)}) "
    rf"(?P<object>{_LAND})(?P<rest>(?: (?:in|within|on|anywhere in) .+)?)"
)
_CLASSIFY = _rule(
    r"Would you (?P<verb>identify|classify|describe|consider|regard|characterise|characterize)"
    rf" (?P<subject>{_SUBJECT}) (?:as|to be) (?P<rest>.+)"
)


@lru_cache(maxsize=1 << 16)
def yes_no_statement(question: str, answer: bool, category: str = "") -> str | None:
    """Return what is true when the answer to the question is right, or None.

    Args:
        question: A yes/no question of the data set. Of two prompts that are glued together the
            first that is a question counts.
        answer: True for yes; False gives the negated statement.
        category: The row's, where it is known: then questions in other words are understood too.

    Returns:
        One English sentence with its full stop, or None when no rule knows the question.
    """
    question = " ".join(question.split())
    if not _ANY_CLASS.search(question):
        return None
    parts = dict.fromkeys([question, *_GLUED.split(question)])
    found = [_turned(part, answer) for part in parts]
    found += [meant(category, part, answer) for part in parts]
    return next((_sentence(statement) for statement in found if statement is not None), None)


def _turned(question: str, answer: bool) -> str | None:
    if "?" in question[:-1] or not _ANY_CLASS.search(question):
        return None
    found = ((turn, rule.match(question)) for rule, turn in _RULES)
    return next((turn(match, answer) for turn, match in found if match is not None), None)


def _that(found: re.Match[str], answer: bool) -> str:
    clause = found["clause"]
    return _some(clause) if answer else f"it is not true that {clause}"


def _do(found: re.Match[str], answer: bool) -> str:
    subject, adverbs, verb, rest = found.group("subject", "adverbs", "verb", "rest")
    singular = found["aux"].lower() == "does" and not _many(subject)
    finite = _third_person(verb) if singular else verb
    if answer:
        return f"{_some(subject)} {adverbs}{finite}{_some(rest)}"
    if _any(subject) or _PART_ALONE.fullmatch(subject):
        return f"{_none(subject)} {adverbs}{finite}{rest}"
    if _counted(subject):
        return f"it is not true that {subject} {adverbs}{finite}{rest}"
    unbound = _NOT_MORE.sub(r"\1", rest)
    if unbound != rest:  # "take up not more than 30%" denied is "take up more than 30%"
        return f"{subject} {adverbs}{finite}{unbound}"
    return f"{subject} {'does' if singular else 'do'} not {adverbs}{verb}{rest}"


def _there(found: re.Match[str], answer: bool) -> str:
    rest, aux = found["rest"], found["aux"].lower()
    together = _TOGETHER.fullmatch(rest)
    if together is not None:
        both, how = _bare(together["both"]), together["how"]
        return f"{both if answer else f'no {both}'} are {how}"
    if answer:
        return f"there {aux} {_some(rest)}"
    if _AMOUNT.match(rest) or _NUMBERED.match(rest):
        return f"it is not true that there {aux} {rest}"
    return f"there {aux} no {_bare(rest)}"


def _is(found: re.Match[str], answer: bool) -> str:
    subject, rest, aux = found["subject"], found["rest"], found["aux"].lower()
    aux = "are" if _many(subject) else aux
    if answer:
        return f"{_some(subject)} {aux} {_some(rest)}"
    if _any(subject) or _PART_ALONE.fullmatch(subject):
        return f"{_none(subject)} {aux} {rest}"
    if _counted(subject):
        return f"it is not true that {subject} {aux} {rest}"
    # "Is the area not greater than ...?" denied is "the area is greater than ...".
    return f"{subject} {aux} {rest[len('not ') :] if rest.startswith('not ') else f'not {rest}'}"


def _can_be(found: re.Match[str], answer: bool) -> str:
    subject, rest = found["subject"], found["rest"]
    if answer:
        return f"{_some(subject)} can be {rest}"
    return f"{_none(subject)} can be {rest}" if _any(subject) else f"{subject} cannot be {rest}"


def _can_you(found: re.Match[str], answer: bool) -> str:
    seen, rest = _PARTICIPLES[found["verb"].lower()], found["rest"]
    thing = _some(found["object"])
    if answer:
        return f"{thing} can be {seen}{_some(rest)}"
    return f"no {_bare(found['object'])} can be {seen}{rest}"


def _classify(found: re.Match[str], answer: bool) -> str | None:
    subject, rest = found["subject"], found["rest"]
    head, _, tail = rest.partition(" ")
    verb = _GERUNDS.get(head.lower())
    if verb is None:
        if head.lower().endswith("ing"):
            return None
        classed = f"{found['verb']}ed".replace("yed", "ied").replace("eed", "ed")
        if answer:
            return f"{_some(subject)} can be {classed} as {rest}"
        return f"no {_bare(subject)} can be {classed} as {rest}"
    plural = _joined(subject) or is_plural(_bare(subject))
    finite = verb if plural else _third_person(verb)
    if verb == "be":
        finite = "are" if plural else "is"
    clause = f"{finite} {tail}"
    return f"{_some(subject)} {clause}" if answer else f"it is not true that {subject} {clause}"


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], bool], str | None]], ...] = (
    (_THAT, _that),
    (_CAN_YOU, _can_you),
    (_CLASSIFY, _classify),
    (_THERE, _there),
    (_DO, _do),
    (_CAN_BE, _can_be),
    (_IS, _is),
)

_ANY_CLASS = re.compile(CLASS, re.IGNORECASE)
_AMOUNT = re.compile(_QUANTITY, re.IGNORECASE)
_NUMBERED = re.compile(r"(?:one|two|three|four|five|six|seven|eight|nine|ten|\d+) ", re.IGNORECASE)
_NOT_MORE = re.compile(r"^((?: up| for| to)? )not (?=[a-z]+ than)", re.IGNORECASE)
_GLUED = re.compile(r"(?<=[?.!:])\s*(?=[A-Z])")
_PART_ALONE = re.compile(rf"(?:some |an? |one )?(?:portion|part|section)s? of {_IMAGE}", re.I)
_TOGETHER = re.compile(
    rf"(?P<both>{_BOTH})(?:,| that are| which are| being)? (?P<how>(?:[a-z]+ly )?"
    r"(?:connected|adjacent|adjoining|touching|bordering|neighbou?ring|next|side by side|in contact"
    r"|abutting|meeting|beside)\b.*)",
    re.IGNORECASE,
)
_SOME_OF = re.compile(rf"\bany (?:portion|part|section|area)s? of (?={_IMAGE})", re.IGNORECASE)


def _some(words: str) -> str:
    """Put what an affirmative sentence has in the place of `any`."""
    words = _SOME_OF.sub("some of ", words)
    words = re.sub(r"\bany instance of\b", "an instance of", words, flags=re.IGNORECASE)
    words = re.sub(r"\bof any\b", "of", words, flags=re.IGNORECASE)
    words = re.sub(r"\banywhere (?=in|within|on)", "", words, flags=re.IGNORECASE)
    return re.sub(r"\bany\b", "some", words, flags=re.IGNORECASE)


def _any(subject: str) -> bool:
    return subject.lower().startswith(("any ", "some "))


def _none(subject: str) -> str:
    return f"no {_bare(subject)}"


def _bare(subject: str) -> str:
    return re.sub(r"^(?:any|some|an?|one|the) ", "", subject, flags=re.IGNORECASE)


def _joined(subject: str) -> bool:
    return re.fullmatch(_BOTH, subject, re.IGNORECASE) is not None


def _many(subject: str) -> bool:
    """Say whether a subject takes a plural verb whatever the question's verb was."""
    return _joined(subject) or is_plural(subject)


def _counted(subject: str) -> bool:
    return re.fullmatch(_PIECES, subject, re.IGNORECASE) is not None


def _third_person(verb: str) -> str:
    if verb.lower() == "have":
        return "has"
    if re.search(r"(?:s|x|ch|sh|z|o)$", verb):
        return f"{verb}es"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:].rstrip(' .')}."
