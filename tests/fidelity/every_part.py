"""All parts of the workbook: `WORKBOOK_PARTS`, with the registers that name them."""

from __future__ import annotations

from beside_parts import (
    BUTTON,
    CELL_IMAGES,
    CHART,
    COMMENTS,
    CONTROL,
    DRAWING,
    EXTERNAL,
    FEATURES,
    METADATA,
    PERSONS,
    PIVOT_CACHE,
    PIVOT_RECORDS,
    PIVOT_TABLE,
    RICH_VALUES,
    SLICER,
    SLICER_CACHE,
    TABLE,
    THREADS,
    VML,
    picture,
)
from form_parts import SHEETS
from probes import Parts, Pieces, Probe, declared

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
MICROSOFT = "http://schemas.microsoft.com/office/"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."

_BORDER = '<border><left style="{l}"/><right style="{r}"/><top style="thin"/><bottom style="thin"/><diagonal/></border>'
_OPEN = '<protection locked="0"/>'
STYLES: Pieces = [
    "<styleSheet" + declared("") + ">",
    Probe("number format", '<numFmts count="1"><numFmt numFmtId="180" formatCode="0.00&quot;元&quot;"/></numFmts>'),
    '<fonts count="2"><font><sz val="11"/><name val="宋体"/></font>'
    '<font><b/><sz val="14"/><name val="方正小标宋简体"/></font></fonts>',
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>',
    '<borders count="3"><border><left/><right/><top/><bottom/><diagonal/></border>'
    + _BORDER.format(l="thin", r="none")
    + _BORDER.format(l="none", r="thick")
    + "</borders>",
    '<cellStyleXfs count="2"><xf/><xf fontId="1"/></cellStyleXfs><cellXfs count="8"><xf xfId="0"/><xf fontId="1" xfId="1"/>'
    f'<xf numFmtId="49" borderId="1" xfId="0" applyProtection="1">{_OPEN}</xf><xf xfId="0" applyProtection="1">{_OPEN}</xf>'
    '<xf borderId="1" xfId="0"/><xf borderId="2" xfId="0"/>'
    f'<xf numFmtId="180" xfId="0" applyProtection="1">{_OPEN}</xf>',
    Probe(
        "style of the new check box",
        '<xf xfId="0"><extLst><ext uri="{C7286773-470A-42A8-94C5-96B5CB345126}"><fpb:xfComplement '
        + declared("fpb").strip()
        + ' i="0"/></ext></extLst></xf>',
    ),
    "</cellXfs>",
    Probe(
        "named style",
        '<cellStyles count="2"><cellStyle name="常规" xfId="0" builtinId="0"/>'
        '<cellStyle name="公文标题" xfId="1"/></cellStyles>',
    ),
    Probe("format of a colour rule", '<dxfs count="1"><dxf><font><color rgb="FF9C0006"/></font></dxf></dxfs>'),
    Probe("own colours", '<colors><mruColors><color rgb="FF123456"/></mruColors></colors>'),
    "</styleSheet>",
]
THEME: Pieces = [
    "<a:theme" + declared("a") + ' name="街道主题"><a:themeElements><a:clrScheme name="自定">',
    Probe("colour of the theme", '<a:accent1><a:srgbClr val="C00000"/></a:accent1>'),
    '</a:clrScheme><a:fontScheme name="f"/><a:fmtScheme name="s"/></a:themeElements></a:theme>',
]
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/">'
)
PROPERTIES: Parts = {
    "docProps/core.xml": [CORE + "<dc:creator>民政科</dc:creator></cp:coreProperties>"],
    "docProps/custom.xml": [
        "<cp:Properties" + declared("cp", "vt") + ">",
        Probe(
            "custom property",
            '<cp:property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" '
            'name="密级"><vt:lpwstr>内部</vt:lpwstr></cp:property>',
        ),
        "</cp:Properties>",
    ],
    "docMetadata/LabelInfo.xml": [
        '<l:labelList xmlns:l="http://schemas.microsoft.com/office/2020/mipLabelMetadata">'
        '<l:label id="{1}" enabled="1"/></l:labelList>'
    ],
    "customXml/item1.xml": ['<form xmlns="urn:form"><no>民政-07</no></form>'],
    "customXml/itemProps1.xml": [
        '<ds:datastoreItem ds:itemID="{1}" xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"/>'
    ],
    "customUI/customUI14.xml": ['<customUI xmlns="http://schemas.microsoft.com/office/2009/07/customui"/>'],
}
# parts that no writer needs to understand: present with the same bytes, or lost
BINARIES: dict[str, bytes] = {
    "xl/vbaProject.bin": b"macros" * 50,
    "xl/printerSettings/printerSettings1.bin": bytes(range(200)),
    "xl/media/image1.png": picture(10),
    "xl/media/image2.png": picture(20),
    "xl/media/image3.png": picture(30),
    "xl/media/image4.png": picture(40),
    "xl/media/image5.png": picture(50),
    "xl/embeddings/oleObject1.bin": b"object" * 40,
    "xl/customProperty1.bin": "用途".encode("utf-16-le"),
    "xl/unknown/strange1.dat": b"\x00\x01what is this\xff",
    "docProps/thumbnail.jpeg": b"\xff\xd8\xff\xe0thumbnail",
}
_DIAGRAMS: Parts = {
    f"xl/diagrams/{name}1.xml": [f"<dgm:{root}" + declared("dgm") + "/>"]
    for name, root in (
        ("data", "dataModel"),
        ("layout", "layoutDef"),
        ("quickStyle", "styleDef"),
        ("colors", "colorsDef"),
    )
}
_HEADER_SHAPES: Pieces = [
    "<xml" + declared("v", "o", "x") + ">",
    Probe(
        "picture of the header",
        '<v:shape id="CH" style="width:50pt"><v:imagedata o:relid="rId1" o:title="徽标"/></v:shape>',
    ),
    "</xml>",
]
_BESIDE: Parts = {
    "xl/drawings/drawing1.xml": DRAWING,
    "xl/drawings/drawing2.xml": ["<xdr:wsDr" + declared("xdr") + "/>"],
    "xl/drawings/vmlDrawing1.vml": VML,
    "xl/drawings/vmlDrawing2.vml": _HEADER_SHAPES,
    "xl/charts/chart1.xml": CHART,
    "xl/charts/style1.xml": [
        '<cs:chartStyle xmlns:cs="http://schemas.microsoft.com/office/drawing/2012/chartStyle" id="201"/>'
    ],
    "xl/comments1.xml": COMMENTS,
    "xl/threadedComments/threadedComment1.xml": THREADS,
    "xl/persons/person.xml": PERSONS,
    "xl/tables/table1.xml": TABLE,
    "xl/ctrlProps/ctrlProp1.xml": BUTTON,
    "xl/ctrlProps/ctrlProp2.xml": CONTROL,
    "xl/pivotTables/pivotTable1.xml": PIVOT_TABLE,
    "xl/pivotCache/pivotCacheDefinition1.xml": PIVOT_CACHE,
    "xl/pivotCache/pivotCacheRecords1.xml": PIVOT_RECORDS,
    "xl/slicers/slicer1.xml": SLICER,
    "xl/slicerCaches/slicerCache1.xml": SLICER_CACHE,
    "xl/metadata.xml": METADATA,
    "xl/richData/rdrichvalue.xml": RICH_VALUES,
    "xl/featurePropertyBag/featurePropertyBag.xml": FEATURES,
    "xl/cellimages.xml": CELL_IMAGES,
    "xl/externalLinks/externalLink1.xml": EXTERNAL,
    "xl/calcChain.xml": ["<calcChain" + declared("") + '><c r="E8" i="1"/></calcChain>'],
    "xl/styles.xml": STYLES,
    "xl/theme/theme1.xml": THEME,
    **_DIAGRAMS,
}


def _relations(*targets: tuple[str, str]) -> Pieces:
    items = "".join(
        f'<Relationship Id="rId{n}" Type="{kind if ":" in kind else OFFICE + kind}" Target="{target}"'
        + (' TargetMode="External"' if ":" in target else "")
        + "/>"
        for n, (kind, target) in enumerate(targets, 1)
    )
    return [f'<Relationships xmlns="{RELATIONS}">{items}</Relationships>']


_REGISTERS: Parts = {
    "_rels/.rels": _relations(
        ("officeDocument", "xl/workbook.xml"),
        ("http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml"),
        ("custom-properties", "docProps/custom.xml"),
        ("http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail", "docProps/thumbnail.jpeg"),
        (MICROSOFT + "2020/02/relationships/classificationlabels", "docMetadata/LabelInfo.xml"),
        (MICROSOFT + "2007/relationships/ui/extensibility", "customUI/customUI14.xml"),
    ),
    "xl/_rels/workbook.xml.rels": _relations(
        *(("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, 6)),
        ("sharedStrings", "sharedStrings.xml"),
        ("styles", "styles.xml"),
        ("theme", "theme/theme1.xml"),
        ("externalLink", "externalLinks/externalLink1.xml"),
        ("pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"),
        (MICROSOFT + "2007/relationships/slicerCache", "slicerCaches/slicerCache1.xml"),
        ("calcChain", "calcChain.xml"),
        ("sheetMetadata", "metadata.xml"),
        (MICROSOFT + "2017/06/relationships/rdRichValue", "richData/rdrichvalue.xml"),
        (MICROSOFT + "2022/11/relationships/FeaturePropertyBag", "featurePropertyBag/featurePropertyBag.xml"),
        ("http://www.wps.cn/officeDocument/2020/cellImage", "cellimages.xml"),
        (MICROSOFT + "2017/10/relationships/person", "persons/person.xml"),
        (MICROSOFT + "2006/relationships/vbaProject", "vbaProject.bin"),
        ("customXml", "../customXml/item1.xml"),
        ("http://example.org/relationships/strange", "unknown/strange1.dat"),
    ),
    "xl/worksheets/_rels/sheet1.xml.rels": _relations(
        ("hyperlink", "https://example.org/"),
        ("printerSettings", "../printerSettings/printerSettings1.bin"),
        ("drawing", "../drawings/drawing1.xml"),
        ("vmlDrawing", "../drawings/vmlDrawing1.vml"),
        ("vmlDrawing", "../drawings/vmlDrawing2.vml"),
        ("image", "../media/image3.png"),
        ("comments", "../comments1.xml"),
        ("ctrlProp", "../ctrlProps/ctrlProp1.xml"),
        ("ctrlProp", "../ctrlProps/ctrlProp2.xml"),
        ("table", "../tables/table1.xml"),
        (MICROSOFT + "2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml"),
        ("image", "../media/image1.png"),
        (MICROSOFT + "2007/relationships/slicer", "../slicers/slicer1.xml"),
        ("oleObject", "../embeddings/oleObject1.bin"),
        ("image", "../media/image4.png"),
        ("customProperty", "../customProperty1.bin"),
    ),
    "xl/worksheets/_rels/sheet3.xml.rels": _relations(("drawing", "../drawings/drawing2.xml")),
    "xl/worksheets/_rels/sheet4.xml.rels": _relations(("pivotTable", "../pivotTables/pivotTable1.xml")),
    "xl/pivotTables/_rels/pivotTable1.xml.rels": _relations(
        ("pivotCacheDefinition", "../pivotCache/pivotCacheDefinition1.xml")
    ),
    "xl/pivotCache/_rels/pivotCacheDefinition1.xml.rels": _relations(("pivotCacheRecords", "pivotCacheRecords1.xml")),
    "xl/drawings/_rels/drawing1.xml.rels": _relations(
        ("image", "../media/image1.png"),
        ("chart", "../charts/chart1.xml"),
        ("diagramData", "../diagrams/data1.xml"),
        ("diagramLayout", "../diagrams/layout1.xml"),
        ("diagramQuickStyle", "../diagrams/quickStyle1.xml"),
        ("diagramColors", "../diagrams/colors1.xml"),
    ),
    "xl/drawings/_rels/vmlDrawing2.vml.rels": _relations(("image", "../media/image2.png")),
    "xl/charts/_rels/chart1.xml.rels": _relations((MICROSOFT + "2011/relationships/chartStyle", "style1.xml")),
    "xl/_rels/cellimages.xml.rels": _relations(("image", "media/image5.png")),
    "xl/externalLinks/_rels/externalLink1.xml.rels": _relations(("externalLinkPath", "file:///D:/往年名单.xlsx")),
    "customXml/_rels/item1.xml.rels": _relations(("customXmlProps", "itemProps1.xml")),
}

_TYPES = {
    "xl/workbook.xml": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    **{f"xl/worksheets/sheet{n}.xml": f"{SPREADSHEET}worksheet+xml" for n in range(1, 6)},
    "xl/sharedStrings.xml": f"{SPREADSHEET}sharedStrings+xml",
    "xl/styles.xml": f"{SPREADSHEET}styles+xml",
    "xl/comments1.xml": f"{SPREADSHEET}comments+xml",
    "xl/tables/table1.xml": f"{SPREADSHEET}table+xml",
    "xl/calcChain.xml": f"{SPREADSHEET}calcChain+xml",
    "xl/metadata.xml": f"{SPREADSHEET}sheetMetadata+xml",
    "xl/externalLinks/externalLink1.xml": f"{SPREADSHEET}externalLink+xml",
    "xl/pivotTables/pivotTable1.xml": f"{SPREADSHEET}pivotTable+xml",
    "xl/pivotCache/pivotCacheDefinition1.xml": f"{SPREADSHEET}pivotCacheDefinition+xml",
    "xl/pivotCache/pivotCacheRecords1.xml": f"{SPREADSHEET}pivotCacheRecords+xml",
    "xl/theme/theme1.xml": "application/vnd.openxmlformats-officedocument.theme+xml",
    "xl/drawings/drawing1.xml": "application/vnd.openxmlformats-officedocument.drawing+xml",
    "xl/drawings/drawing2.xml": "application/vnd.openxmlformats-officedocument.drawing+xml",
    "xl/charts/chart1.xml": "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
    "xl/threadedComments/threadedComment1.xml": "application/vnd.ms-excel.threadedcomments+xml",
    "xl/persons/person.xml": "application/vnd.ms-excel.person+xml",
    "xl/ctrlProps/ctrlProp1.xml": "application/vnd.ms-excel.controlproperties+xml",
    "xl/ctrlProps/ctrlProp2.xml": "application/vnd.ms-excel.controlproperties+xml",
    "xl/slicers/slicer1.xml": "application/vnd.ms-excel.slicer+xml",
    "xl/slicerCaches/slicerCache1.xml": "application/vnd.ms-excel.slicerCache+xml",
    "xl/cellimages.xml": "application/vnd.wps-officedocument.cellimage+xml",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "docProps/custom.xml": "application/vnd.openxmlformats-officedocument.custom-properties+xml",
    "docMetadata/LabelInfo.xml": "application/vnd.ms-office.classificationlabels+xml",
}
_DEFAULTS = {
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "xml": "application/xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "bin": "application/vnd.ms-office.vbaProject",
    "vml": "application/vnd.openxmlformats-officedocument.vmlDrawing",
    "dat": "application/octet-stream",
}
_CONTENT_TYPES: Pieces = [
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">',
    *(f'<Default Extension="{k}" ContentType="{v}"/>' for k, v in _DEFAULTS.items()),
    *(f'<Override PartName="/{k}" ContentType="{v}"/>' for k, v in _TYPES.items()),
    "</Types>",
]

WORKBOOK_PARTS: Parts = {
    "[Content_Types].xml": _CONTENT_TYPES,
    **SHEETS,
    **_BESIDE,
    **PROPERTIES,
    **_REGISTERS,
    **BINARIES,
}
