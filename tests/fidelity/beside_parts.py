"""The parts beside the sheets: drawings, comments, controls, tables, pivots, rich data, what other programs add."""

from __future__ import annotations

import struct
import zlib

from probes import Pieces, Probe, declared


def picture(shade: int) -> bytes:
    """A PNG of one pixel."""
    body = b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">LLBBBBB", 1, 1, 8, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(bytes([0, shade]))),
            (b"IEND", b""),
        )
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _marker(row: int, column: int) -> str:
    return f"<xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>~{row}</xdr:row><xdr:rowOff>0</xdr:rowOff>"


def _anchor(row: int, column: int, content: str, *, edit: str = "") -> str:
    own = f' editAs="{edit}"' if edit else ""
    corners = f"<xdr:from>{_marker(row, column)}</xdr:from><xdr:to>{_marker(row + 2, column + 1)}</xdr:to>"
    return f"<xdr:twoCellAnchor{own}>{corners}{content}<xdr:clientData/></xdr:twoCellAnchor>"


def _shape(number: int, name: str, *, box: bool = False, text: str = "") -> str:
    own = ' txBox="1"' if box else ""
    body = f"<xdr:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></xdr:txBody>" if text else ""
    geometry = '<xdr:spPr><a:prstGeom prst="ellipse"><a:avLst/></a:prstGeom></xdr:spPr>'
    return (
        f'<xdr:sp macro="" textlink="登记表!$E$@8"><xdr:nvSpPr><xdr:cNvPr id="{number}" name="{name}"/>'
        f"<xdr:cNvSpPr{own}/></xdr:nvSpPr>{geometry}{body}</xdr:sp>"
    )


_PICTURE = (
    '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="图片 1" descr="单位公章"/><xdr:cNvPicPr><a:picLocks noChangeAspect="1"/>'
    '</xdr:cNvPicPr></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/><a:stretch><a:fillRect/></a:stretch>'
    '</xdr:blipFill><xdr:spPr><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic>'
)


def _frame(number: int, name: str, uri: str, inner: str) -> str:
    return (
        f'<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="{number}" name="{name}"/>'
        '<xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>'
        f'<a:graphic><a:graphicData uri="{uri}">{inner}</a:graphicData></a:graphic></xdr:graphicFrame>'
    )


_A = "http://schemas.openxmlformats.org/drawingml/2006/"
DRAWING: Pieces = [
    "<xdr:wsDr" + declared("xdr", "a", "r", "c", "dgm") + ">",
    Probe("picture with its alternative text", _anchor(10, 4, _PICTURE, edit="oneCell")),
    Probe("text box", _anchor(11, 5, _shape(3, "文本框", box=True, text="填表说明"))),
    Probe("shape linked to a cell", _anchor(12, 6, _shape(4, "椭圆"))),
    Probe(
        "connector",
        _anchor(
            9,
            6,
            '<xdr:cxnSp macro=""><xdr:nvCxnSpPr><xdr:cNvPr id="5" name="连接符"/><xdr:cNvCxnSpPr/></xdr:nvCxnSpPr>'
            '<xdr:spPr><a:prstGeom prst="line"><a:avLst/></a:prstGeom></xdr:spPr></xdr:cxnSp>',
        ),
    ),
    Probe(
        "grouped shapes",
        _anchor(
            13,
            1,
            f'<xdr:grpSp><xdr:nvGrpSpPr><xdr:cNvPr id="6" name="组"/><xdr:cNvGrpSpPr/></xdr:nvGrpSpPr>'
            f"<xdr:grpSpPr/>{_shape(7, '甲')}{_shape(8, '乙')}</xdr:grpSp>",
        ),
    ),
    Probe("frame of a chart", _anchor(14, 1, _frame(9, "图表", f"{_A}chart", '<c:chart r:id="rId2"/>'))),
    Probe(
        "smart art",
        _anchor(
            15, 3, _frame(10, "示意图", f"{_A}diagram", '<dgm:relIds r:dm="rId3" r:lo="rId4" r:qs="rId5" r:cs="rId6"/>')
        ),
    ),
    Probe(
        "shape that stays where it is",
        '<xdr:absoluteAnchor><xdr:pos x="100" y="100"/><xdr:ext cx="500" cy="500"/>'
        + _shape(11, "页眉框")
        + '<xdr:clientData fPrintsWithSheet="0"/></xdr:absoluteAnchor>',
    ),
    "</xdr:wsDr>",
]

CHART: Pieces = [
    "<c:chartSpace"
    + declared("c", "a", "r")
    + '><c:roundedCorners val="0"/><c:chart><c:plotArea><c:layout/><c:barChart>'
    '<c:barDir val="col"/><c:grouping val="clustered"/>',
    Probe(
        "chart series over the grown rows",
        '<c:ser><c:idx val="0"/><c:order val="0"/><c:tx><c:strRef><c:f>登记表!$E$5</c:f></c:strRef></c:tx>'
        "<c:cat><c:strRef><c:f>登记表!$B$6:$B$@7</c:f></c:strRef></c:cat>"
        "<c:val><c:numRef><c:f>登记表!$E$6:$E$@7</c:f></c:numRef></c:val></c:ser>",
    ),
    '<c:axId val="1"/><c:axId val="2"/></c:barChart><c:catAx><c:axId val="1"/><c:scaling><c:orientation val="minMax"/>'
    '</c:scaling><c:delete val="0"/><c:axPos val="b"/><c:crossAx val="2"/></c:catAx><c:valAx><c:axId val="2"/><c:scaling>'
    '<c:orientation val="minMax"/></c:scaling><c:delete val="0"/><c:axPos val="l"/><c:crossAx val="1"/></c:valAx>'
    "</c:plotArea></c:chart>",
    Probe(
        "print settings of a chart",
        '<c:printSettings><c:headerFooter/><c:pageMargins b="0.75" l="0.7" r="0.7" t="0.75" header="0.3" footer="0.3"/>'
        "<c:pageSetup/></c:printSettings>",
    ),
    "</c:chartSpace>",
]


def _vml(number: int, kind: str, row: int, inner: str, style: str = "", before: str = "") -> str:
    return (
        f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" style="position:absolute;{style}">{before}'
        f'<x:ClientData ObjectType="{kind}"><x:Anchor>1, 15, ~{row}, 2, 3, 31, ~{row + 3}, 4</x:Anchor>{inner}'
        "</x:ClientData></v:shape>"
    )


VML: Pieces = [
    "<xml" + declared("v", "o", "x") + '><v:shapetype id="_x0000_t202"/>',
    Probe(
        "size of a comment",
        _vml(1025, "Note", 10, "<x:Row>~10</x:Row><x:Column>0</x:Column>", "width:222pt;height:77pt;visibility:hidden"),
    ),
    Probe(
        "comment that is always shown",
        _vml(1026, "Note", 11, "<x:Row>~11</x:Row><x:Column>1</x:Column><x:Visible/>", "visibility:visible"),
    ),
    Probe("shape of a button", _vml(1027, "Button", 10, "<x:FmlaMacro>[0]!提交</x:FmlaMacro>")),
    Probe("shape of a check box", _vml(1028, "Checkbox", 11, "<x:FmlaLink>$B$@10</x:FmlaLink>")),
    Probe(
        "signature line",
        _vml(
            1029,
            "Pict",
            13,
            "",
            before='<o:signatureline v:ext="edit" id="{22222222-0000-0000-0000-000000000001}" '
            'provid="{00000000-0000-0000-0000-000000000000}" o:suggestedsigner="审核人" issignatureline="t"/>',
        ),
    ),
    "</xml>",
]

COMMENTS: Pieces = [
    "<comments" + declared("") + "><authors><author>审核</author></authors><commentList>",
    Probe(
        "text of a comment with its format",
        '<comment ref="A@10" authorId="0"><text><r><rPr><b/><sz val="9"/></rPr><t>请核对</t></r></text></comment>',
    ),
    Probe(
        "comment of a thread", '<comment ref="B@11" authorId="0" shapeId="0"><text><t>[线程批注]</t></text></comment>'
    ),
    "</commentList></comments>",
]
THREADS: Pieces = [
    "<tc:ThreadedComments" + declared("tc") + ">",
    Probe(
        "threaded comment",
        '<tc:threadedComment ref="B@11" dT="2026-01-01T00:00:00.00" personId="{33333333-0000-0000-0000-000000000001}" '
        'id="{33333333-0000-0000-0000-000000000002}"><tc:text>是否属实？</tc:text></tc:threadedComment>',
    ),
    "</tc:ThreadedComments>",
]
PERSONS: Pieces = [
    "<tc:personList" + declared("tc") + ">",
    Probe(
        "people of the threads",
        '<tc:person displayName="审核" id="{33333333-0000-0000-0000-000000000001}" userId="u" providerId="None"/>',
    ),
    "</tc:personList>",
]

TABLE: Pieces = [
    "<table" + declared("") + ' id="1" name="编号表" displayName="编号表" ref="K5:L@7" totalsRowShown="0">',
    Probe("filter of a table", '<autoFilter ref="K5:L@7"/>'),
    Probe(
        "columns of a table",
        '<tableColumns count="2"><tableColumn id="1" name="编号"/><tableColumn id="2" name="值"/></tableColumns>',
    ),
    Probe("style of a table", '<tableStyleInfo name="TableStyleMedium2" showRowStripes="1"/>'),
    "</table>",
]

CONTROL: Pieces = [
    Probe(
        "linked cell of a check box",
        f'<x14:formControlPr{declared("x14")} objectType="CheckBox" fmlaLink="$B$@10" lockText="1"/>',
    )
]
BUTTON: Pieces = [
    Probe("properties of a button", f'<x14:formControlPr{declared("x14")} objectType="Button" lockText="1"/>')
]

PIVOT_TABLE: Pieces = [
    "<pivotTableDefinition"
    + declared("")
    + ' name="透视表1" cacheId="1" dataCaption="值" applyNumberFormats="0" applyBorderFormats="0" applyFontFormats="0" '
    'applyPatternFormats="0" applyAlignmentFormats="0" applyWidthHeightFormats="1">',
    Probe("place of a pivot table", '<location ref="A3:B4" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/>'),
    '<pivotFields count="2"><pivotField axis="axisRow" showAll="0"><items count="1"><item t="default"/></items>'
    '</pivotField><pivotField dataField="1" showAll="0"/></pivotFields>',
    '<rowFields count="1"><field x="0"/></rowFields>',
    '<dataFields count="1"><dataField name="求和" fld="1" baseField="0" baseItem="0"/></dataFields>',
    "</pivotTableDefinition>",
]
PIVOT_CACHE: Pieces = [
    "<pivotCacheDefinition" + declared("", "r") + ' r:id="rId1" refreshOnLoad="1" recordCount="0">',
    Probe(
        "source of a pivot table",
        '<cacheSource type="worksheet"><worksheetSource ref="D5:E@7" sheet="登记表"/></cacheSource>',
    ),
    '<cacheFields count="2"><cacheField name="类别" numFmtId="0"><sharedItems/></cacheField>'
    '<cacheField name="金额" numFmtId="0"><sharedItems/></cacheField></cacheFields></pivotCacheDefinition>',
]
PIVOT_RECORDS: Pieces = ["<pivotCacheRecords" + declared("") + ' count="0"/>']

SLICER: Pieces = [
    "<x14:slicers" + declared("x14") + ">",
    Probe("slicer", '<x14:slicer name="类别" cache="切片器_类别" caption="类别" rowHeight="241300"/>'),
    "</x14:slicers>",
]
SLICER_CACHE: Pieces = [
    "<x14:slicerCacheDefinition" + declared("x14") + ' name="切片器_类别" sourceName="类别">',
    Probe("pivot tables of a slicer", '<x14:pivotTables><x14:pivotTable tabId="4" name="透视表1"/></x14:pivotTables>'),
    "</x14:slicerCacheDefinition>",
]

METADATA: Pieces = [
    "<metadata" + declared("") + ">",
    Probe(
        "kinds of metadata",
        '<metadataTypes count="2"><metadataType name="XLDAPR" minSupportedVersion="120000" cellMeta="1"/>'
        '<metadataType name="XLRICHVALUE" minSupportedVersion="120000"/></metadataTypes>',
    ),
    '<cellMetadata count="1"><bk><rc t="1" v="0"/></bk></cellMetadata>',
    '<valueMetadata count="1"><bk><rc t="2" v="0"/></bk></valueMetadata></metadata>',
]
RICH_VALUES: Pieces = [
    "<rd:rvData" + declared("rd") + ' count="1">',
    Probe("rich value", '<rd:rv s="0"><rd:v>0</rd:v><rd:v>5</rd:v></rd:rv>'),
    "</rd:rvData>",
]
FEATURES: Pieces = [
    "<fpb:FeaturePropertyBags" + declared("fpb") + ">",
    Probe("feature of the new check box", '<fpb:bag type="Checkbox"/>'),
    "</fpb:FeaturePropertyBags>",
]
CELL_IMAGES: Pieces = [
    "<etc:cellImages" + declared("etc", "xdr", "a", "r") + ">",
    Probe(
        "pictures of WPS cells",
        '<etc:cellImage><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="ID_1"/><xdr:cNvPicPr/></xdr:nvPicPr>'
        '<xdr:blipFill><a:blip r:embed="rId1"/></xdr:blipFill><xdr:spPr/></xdr:pic></etc:cellImage>',
    ),
    "</etc:cellImages>",
]
EXTERNAL: Pieces = [
    "<externalLink" + declared("", "r") + ">",
    Probe(
        "external workbook", '<externalBook r:id="rId1"><sheetNames><sheetName val="名单"/></sheetNames></externalBook>'
    ),
    "</externalLink>",
]
