"""Recognise, which field a column is: headers and samples → what the table is about and COLUMNs.

A wrong silent column is worse than ten questions: a header binds only when it is an alias, the alias in other equal
words, or initials, and never past a veto; likeness alone only suggests.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from dataclasses import replace

import polars as pl

from oneform.frames import PROBLEMS, Column
from oneform.recognise import forms, subject, values, words
from oneform.recognise.context import Neighbours, fits, general
from oneform.recognise.dictionary import Dictionary, Header, Meaning
from oneform.recognise.doubts import duplicates, missing, problem, vetoed
from oneform.recognise.remembered import Remembered
from oneform.recognise.seen import SUGGESTED, Claim, Seen, Share, field_of, letters, text, unbind
from oneform.schema import Field, Schema, header_key

AUTOMATIC = 0.8
_LABEL, _ALIAS, _GROUPED, _INITIALS, _CONTEXT, _WORDS, _PROVED = 0.99, 0.96, 0.95, 0.9, 0.9, 0.85, 0.82
_EXACT = 0.95
_LIKELY = 0.35  # likeness from which values may prove it
_BY_VALUES = 0.66  # the words in the cells are of one code list


def bind(
    sheet: str,
    title: str,
    headers: dict[int, Header],
    shares: dict[int, Share],
    dictionary: Dictionary,
    form: forms.Form | None = None,
    told: Remembered | None = None,
) -> tuple[str, tuple[Column, ...], pl.DataFrame]:
    """The entity a row is about, every column as understood, and PROBLEMS about columns."""
    schema = dictionary.schema
    seen = [Seen(index, one, shares.get(index, {"n": 0})) for index, one in headers.items()]
    stated = [one for one in seen if form is not None and _stated(one, form)]
    for one in seen:
        if one not in stated:
            one.claims = _claims(one.header, dictionary)
            one.denied = bool(one.claims) and all(claim.meaning.denied for claim in one.claims)
            if told is not None and not one.denied:
                one.claims = [*(Claim(meaning, 1.0) for meaning in told.meanings(one.header.path)), *one.claims]
    meanings = [claim.meaning for one in seen for claim in one.claims]
    named = (form.each if form else None) or subject.entity(meanings, title + sheet, schema)
    entity = named or "person"
    eligible = subject.eligible(entity, schema) if named else {"person", "household", "dwelling"}
    settled = [one for one in seen if one in stated or (told and _answered(one, entity, eligible, told))]
    for one in seen:
        if one not in settled:
            one.bound = _best(one, entity, eligible, seen, schema)
            one.suggestions = _suggestions(one, eligible, dictionary)
    _not_of_neighbours([one for one in seen if one.bound is None or one.bound.confidence < 1.0], schema)
    _settle_rivals(seen, schema)
    _promote([one for one in seen if one not in settled], schema)
    found = [*duplicates(sheet, seen), *vetoed(sheet, seen, schema), *missing(sheet, seen, entity, schema)]
    if form is not None and len(stated) * 2 < len(form.outputs):
        found.append(problem(sheet, None, None, "OF204", expected=form.title, found=title or sheet))
    return entity, tuple(_column(one) for one in seen), pl.DataFrame(found, schema=PROBLEMS, orient="row")


def _stated(one: Seen, form: forms.Form) -> bool:
    """True when the form names this column; it is then the form's field, or nothing where it cannot be read back."""
    output = form.output(one.header.path)
    if output is None:
        return False
    if forms.readable(output) and output.entity and output.field:
        one.bound = Claim(Meaning(output.entity, output.field), 1.0)
        one.header = replace(one.header, legend=one.header.legend | forms.legend(output))
    return True


def _answered(one: Seen, entity: str, eligible: set[str], told: Remembered) -> bool:
    """True when a person said what this column is; it is then that field, or nothing. A denied field stays denied."""
    if one.denied or not told.answered(one.header.path, entity):
        return False
    meaning = told.meaning(one.header.path, entity)
    if meaning is not None and meaning.entity not in eligible:
        return False
    one.bound = Claim(meaning, 1.0) if meaning else None
    return True


# -- what a header may mean ----------------------------------------------------------------------------------------


def _claims(header: Header, dictionary: Dictionary) -> list[Claim]:
    """Every field the header names by itself or with its group, surest first."""
    found: list[Claim] = []
    group = "".join(_bare(g) for g in header.groups if not words.neutral(g))
    if header.groups:
        for key in ("/".join([*header.groups, header.key]), group + header.key if group else ""):
            found += [Claim(m, _GROUPED) for m in dictionary.meanings(key) if m.alone or m.denied]
        if group and not found:
            found += [Claim(m, _WORDS) for m in dictionary.in_same_words(group + header.key)]
    if found:
        return found
    if group and _speaks_of_another(group, header.key):
        return []
    for key in dict.fromkeys((header.full_key, header.key)):
        found += [
            Claim(m, _LABEL if _is_label(m, key, dictionary.schema) else _ALIAS) for m in dictionary.meanings(key)
        ]
        if found:
            return found
    found = [Claim(m, _WORDS) for m in dictionary.in_same_words(header.key)]
    return found or [Claim(m, _INITIALS) for m in dictionary.in_initials(header.key)]


def _bare(group: str) -> str:
    """户主信息 → 户主; a group word that only says «facts about»."""
    return re.sub(r"(?:的)?(?:基本|详细)?(?:信息|情况|资料|数据)$", "", group)


# what a place word above a column can turn into another place, time or party
_ELSEWHERE = re.compile(
    "户籍|户口|来源|出发|目的|返乡|工作|单位|学校|接种|采样|检测|隔离|迁入|迁出|原|前|生前|去向|途经|入境|出境|变更|旧|上年|上月"
)


_WORK = re.compile("(?:工作|单位|就业|从业|任职)+")
_OF_WORK = re.compile("职务|职位|岗位|职业|部门|科室|入职|离职|参加工作|行业|职称|工号")


def _speaks_of_another(group: str, key: str) -> bool:
    """True when the group gives the leaf another owner, place or time: 户主/姓名, 户籍地/小区; 单位/入职时间 is one's own."""
    if _WORK.fullmatch(group) and _OF_WORK.search(key):
        return False
    if words.other_party(group, key):
        return True
    about_place_or_time = re.search(
        "址|地|省|市|县|区|街道|乡|镇|村|小区|楼|幢|栋|单元|室|时间|日期|电话|名称|单位", key
    )
    # 户籍情况/户籍地址 says so itself
    elsewhere = any(word not in key for word in _ELSEWHERE.findall(group))
    return elsewhere and about_place_or_time is not None


def _is_label(meaning: Meaning, key: str, schema: Schema) -> bool:
    return not meaning.denied and header_key(field_of(meaning, schema).zh) == key


# -- one column ----------------------------------------------------------------------------------------------------


def _best(one: Seen, entity: str, eligible: set[str], seen: list[Seen], schema: Schema) -> Claim | None:
    """The claim that holds without asking, or None."""
    if one.denied:
        return None
    fitting = [c for c in one.claims if c.meaning.entity in eligible or _skipped(c.meaning, schema)]
    sure = [claim for claim in fitting if claim.meaning.alone and _of_known_event(claim.meaning, one, seen, schema)]
    if sure and sure[0].confidence < _EXACT:
        # equal words or initials of two fields mean neither, whether or not one of them needs a context
        return sure[0] if len({(c.meaning.entity, c.meaning.field) for c in fitting}) == 1 else None
    own = [claim for claim in sure if claim.meaning.entity == entity]
    if own or len(sure) == 1:
        return (own or sure)[0]
    if sure:
        return None
    near = [
        claim
        for claim in fitting
        if claim.confidence >= _EXACT and _context_fits(claim.meaning, one, entity, seen, schema)
    ]
    own = [claim for claim in near if claim.meaning.entity == entity]
    chosen = own or near
    return Claim(chosen[0].meaning, _CONTEXT) if len(chosen) == 1 else None


def _of_known_event(meaning: Meaning, one: Seen, seen: list[Seen], schema: Schema) -> bool:
    """False for a general act (发放日期) of an event that no other column speaks of."""
    if (meaning.entity, meaning.field) == ("person", "residence_since") and "到达" in one.header.key:
        return not any(c.meaning.entity == "return_travel" for other in seen if other is not one for c in other.claims)
    if schema.entities[meaning.entity].event is None or one.header.groups or not general(one.header.key):
        return True
    others = (claim.meaning for other in seen if other is not one for claim in other.claims)
    return any(m.alone and m.entity == meaning.entity and m.field != meaning.field for m in others)


def _skipped(meaning: Meaning, schema: Schema) -> bool:
    """True for row numbers, who filled the sheet and when: of no entity, in every table."""
    return not meaning.denied and meaning.alone and field_of(meaning, schema).output_only


def _context_fits(meaning: Meaning, one: Seen, entity: str, seen: list[Seen], schema: Schema) -> bool:
    """True when the other columns give a context alias its meaning."""
    others = [other for other in seen if other is not one]
    claimed = {(c.meaning.entity, c.meaning.field) for other in others for c in other.claims if c.meaning.alone}
    place = (meaning.entity, meaning.field)
    if place in claimed:
        return False
    about = schema.entities[meaning.entity]
    if about.event == entity:
        mine = {name for owner, name in claimed if owner == meaning.entity}
        return bool(mine)
    if entity != "person":
        # a table that names its entity speaks of it: 地址 in a list of places is the place's address
        return meaning.entity == entity
    neighbours = Neighbours(one.header.key, tuple(o.header.key for o in others), frozenset(claimed), one is seen[0])
    return fits(place, neighbours)


def _suggestions(one: Seen, eligible: set[str], dictionary: Dictionary) -> list[tuple[Meaning, float]]:
    """Up to three fields for a person to choose from, best first; the bound one is not repeated."""
    if one.denied or (one.bound is not None and one.bound.confidence >= _EXACT):
        return []
    named = [(c.meaning, c.confidence if c.meaning.alone else SUGGESTED) for c in one.claims]
    named = [(m, min(confidence, SUGGESTED)) for m, confidence in named if m.entity in eligible]
    if one.bound is None and one.header.key:
        known = {(m.entity, m.field) for m, _ in named}
        group = "".join(map(_bare, one.header.groups[-1:]))
        alike = dictionary.alike(group + one.header.key, eligible) if group else []
        alike += dictionary.alike(one.header.key, eligible)
        alike.sort(key=lambda pair: -pair[1])
        for m, confidence in alike:
            if m.entity in eligible and (m.entity, m.field) not in known:
                named.append((m, confidence))
                known.add((m.entity, m.field))
        named = _with_values(one, named, eligible, dictionary)
    named.sort(key=lambda pair: -pair[1])
    return [(m, c) for m, c in named if one.bound is None or m != one.bound.meaning][:3]


def _with_values(
    one: Seen, named: list[tuple[Meaning, float]], eligible: set[str], dictionary: Dictionary
) -> list[tuple[Meaning, float]]:
    """The suggestions the cells allow, and the field of the only code list that they are words of."""
    schema = dictionary.schema
    named = [(m, sure) for m, sure in named if not values.impossible(one.share, field_of(m, schema))]
    fields = [
        m for name in values.code_lists(one.share) for m in dictionary.coded.get(name, ()) if m.entity in eligible
    ]
    if len(fields) != 1 or words.other_party("".join([*one.header.groups, one.header.key])):
        return named
    proved = (fields[0].entity, fields[0].field)
    alike = [sure for m, sure in named if (m.entity, m.field) == proved]
    one.by_values = None if alike else fields[0]
    rest = [(m, sure) for m, sure in named if (m.entity, m.field) != proved]
    return [*rest, (fields[0], max([_BY_VALUES, *alike]))]


# -- between columns -----------------------------------------------------------------------------------------------


def _settle_rivals(seen: list[Seen], schema: Schema) -> None:
    """One field is claimed by one column: two claimants are both only suggested unless exactly one is exact."""
    claimants: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one in seen:
        if one.bound:
            claimants[one.bound.meaning.entity, one.bound.meaning.field].append(one)
    for (entity, name), rivals in claimants.items():
        about = schema.entities[entity].fields[name]
        if len(rivals) < 2 or about.repeat or about.output_only:  # what is not kept may stand twice
            continue
        exact = [one for one in rivals if one.bound and one.bound.confidence >= _EXACT]
        exact = [one for one in exact if one.bound and one.bound.confidence == 1.0] or exact  # stated or remembered
        for one in rivals:
            if len(exact) != 1 or one is not exact[0]:
                unbind(one)


def _not_of_neighbours(seen: list[Seen], schema: Schema) -> None:
    """A bare 联系电话 or 身份证号 right after 监护人姓名 or 联系人 may be that person's: it is only suggested."""
    for before, one in itertools.pairwise(seen):
        meant = (one.bound.meaning.entity, one.bound.meaning.field) if one.bound else None
        if meant not in {("person", "phone"), ("person", "id_number")} or one.header.groups != before.header.groups:
            continue
        about = field_of(before.bound.meaning, schema) if before.bound else None
        # 志愿者 may be a yes/no column
        if words.somebody_else(before.header.key) and (about is None or about.kind in {"name", "text"}):
            unbind(one)
            one.doubtful = True


def _promote(seen: list[Seen], schema: Schema) -> None:
    """A suggestion becomes automatic when the values prove it, nobody else claims the field and no veto stands."""
    taken = {(one.bound.meaning.entity, one.bound.meaning.field) for one in seen if one.bound}
    named = [[m for m, c in one.suggestions if c >= SUGGESTED] for one in seen if not one.bound]
    wanted = Counter((found[0].entity, found[0].field) for found in named if len(found) == 1)  # 户名 may be of two
    proved = {one.index: _proved(one, schema) for one in seen if not one.bound}
    candidates = Counter((m.entity, m.field) for found in proved.values() for m in found)
    owner = next((words.owner(one.header.key) for one in seen if one.bound and one.bound.meaning == _NAME), None)
    # the name first: what else is told of somebody is told of whom it names
    for one in sorted(seen, key=lambda one: _NAME not in proved.get(one.index, [])):
        for meaning in proved.get(one.index, []):
            place = (meaning.entity, meaning.field)
            sure = dict(one.suggestions)[meaning]
            if place in taken or wanted[place] > (sure >= SUGGESTED) or candidates[place] > 1:
                continue
            if meaning != _NAME and words.owner(one.header.key) not in {"", owner}:
                continue
            if meaning == _NAME:
                owner = words.owner(one.header.key)
            one.bound = Claim(meaning, _PROVED)
            one.suggestions = [pair for pair in one.suggestions if pair[0] != meaning]
            taken.add(place)
            break


_NAME = Meaning("person", "name")


def _proved(one: Seen, schema: Schema) -> list[Meaning]:
    """The suggestions that the values prove; a header that names fields is never one of another, a party's never."""
    if one.denied or one.doubtful or words.other_party("".join([*one.header.groups, one.header.key])):
        return []
    named = {(claim.meaning.entity, claim.meaning.field) for claim in one.claims}
    return [
        meaning
        for meaning, sure in one.suggestions
        if sure >= _LIKELY
        and meaning != one.by_values
        and named <= {(meaning.entity, meaning.field)}
        and values.proves(one.share, field_of(meaning, schema))
        and not _differs(one.header.key, field_of(meaning, schema))
    ]


def _differs(key: str, one: Field) -> bool:
    """True when the header differs in party, moment or kind from every way the field is called."""
    names = [one.zh, *one.aliases, *one.context_aliases]
    return all(words.contradicts(key, header_key(name)) for name in names)


def _column(one: Seen) -> Column:
    plain = Column(
        one.index,
        text(one.header.path) or f"无表头（{letters(one.index)}列）",
        suggestions=tuple((m.field, c) for m, c in one.suggestions),
        legend=one.header.legend,
        denied=one.denied,
    )
    if one.bound is None:
        return plain
    bound = one.bound.meaning
    return replace(plain, entity=bound.entity, field=bound.field, confidence=one.bound.confidence)
