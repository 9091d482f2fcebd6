"""The form sheet, the sheets beside it and the workbook part."""

from __future__ import annotations

import re

from probes import Parts, Pieces, Probe, declared

_ROW = '<row r="{r}" ht="24" customHeight="1" x14ac:dyDescent="0.2">'


def _sample(row: int) -> Pieces:
    style = "".join(f'<c r="{c}@{row}" s="2"/>' for c in "ABCD")
    more = f'<c r="E@{row}" s="6"/><c r="F@{row}" s="6"><f>E@{row}*2</f><v>0</v></c><c r="G@{row}" s="2"/>'
    return [_ROW.format(r=f"@{row}"), style + more, f'<c r="K@{row}"/><c r="L@{row}"/></row>']


def _cell(address: str, text: int) -> str:
    return f'<c r="{address}" s="1" t="s"><v>{text}</v></c>'


DATA: Pieces = [
    "<sheetData>",
    '<row r="1"><c r="A1" s="1" t="s"><v>0</v></c>',
    Probe("borders inside a merged block: first", '<c r="B1" s="4"/>'),
    Probe("borders inside a merged block: last", '<c r="G1" s="5"/>'),
    "</row>",
    '<row r="2"><c r="A2" s="3" t="s"><v>1</v></c></row>',
    Probe("row hidden in an outline", '<row r="3" outlineLevel="1" hidden="1"><c r="A3" t="s"><v>2</v></c></row>'),
    '<row r="4"><c r="A4" t="s"><v>3</v></c></row>',
    '<row r="5">' + "".join(_cell(f"{c}5", n) for n, c in enumerate("ABCDEFG", 4)),
    '<c r="K5" t="s"><v>11</v></c><c r="L5" t="s"><v>12</v></c></row>',
    *_sample(6),
    *_sample(7),
    '<row r="@8"><c r="A@8" s="1" t="s"><v>13</v></c>',
    Probe("total over the grown rows", '<c r="E@8" s="6"><f>SUM(E6:E@7)</f></c>'),
    Probe("share of the total", '<c r="F@8" s="6"><f>E@8/SUM(登记表!$E$6:$E$@7)</f></c>'),
    "</row>",
    '<row r="@9">',
    Probe("phonetic text shown", '<c r="A@9" t="s" ph="1"><v>14</v></c>'),
    "</row>",
    '<row r="@10">',
    Probe("rich text in a cell", '<c r="A@10" t="s"><v>15</v></c>'),
    "</row>",
    '<row r="@11">',
    Probe("dynamic array", '<c r="A@11" cm="1"><f t="array" ref="A@11:A@12">_xlfn.UNIQUE(C6:C@7)</f></c>'),
    '</row><row r="@12"><c r="A@12"/>',
    Probe("picture in a cell (rich data)", '<c r="B@12" t="e" vm="1"><v>#VALUE!</v></c>'),
    Probe("check box of a cell", '<c r="C@12" s="7" t="b"><v>0</v></c>'),
    '</row><row r="@13">',
    Probe(
        "WPS picture in a cell",
        '<c r="B@13" t="str"><f>_xlfn.DISPIMG("ID_1",1)</f><v>=DISPIMG("ID_1",1)</v></c>',
    ),
    Probe("cached value that depends on nothing", '<c r="C@13"><f>2*3</f><v>6</v></c>'),
    '</row><row r="@14"><c r="A@14" t="s"><v>16</v></c><c r="B@14" t="s"><v>17</v></c></row>',
    "</sheetData>",
]

FILTERS = Probe(
    "filter and its criteria",
    '<autoFilter ref="A5:G@7"><filterColumn colId="2"><filters><filter val="男"/></filters></filterColumn></autoFilter>',
)

RULES: Pieces = [
    Probe(
        "classic colour rule",
        '<conditionalFormatting sqref="E6:E@7"><cfRule type="cellIs" dxfId="0" priority="1" operator="greaterThan">'
        "<formula>$E$@8</formula></cfRule></conditionalFormatting>",
    ),
    Probe(
        "data bar",
        '<conditionalFormatting sqref="F6:F@7"><cfRule type="dataBar" priority="2"><dataBar><cfvo type="min"/>'
        '<cfvo type="max"/><color rgb="FF638EC6"/></dataBar></cfRule></conditionalFormatting>',
    ),
    '<dataValidations count="3">',
    Probe(
        "classic drop-down with prompt",
        '<dataValidation type="list" errorStyle="warning" allowBlank="1" showInputMessage="1" showErrorMessage="1" '
        'errorTitle="性别" error="只能选男或女" promptTitle="性别" prompt="请选择" sqref="C6:C@7">'
        '<formula1>"男,女"</formula1></dataValidation>',
    ),
    Probe(
        "rule on a number",
        '<dataValidation type="decimal" operator="lessThanOrEqual" allowBlank="1" sqref="E6:E@7">'
        "<formula1>100000</formula1></dataValidation>",
    ),
    Probe(
        "rule by formula",
        '<dataValidation type="custom" allowBlank="1" sqref="B6:B@7"><formula1>LEN(B6)&lt;20</formula1>'
        "</dataValidation>",
    ),
    "</dataValidations>",
]

TAIL: Pieces = [
    "<hyperlinks>",
    Probe("link to the web", '<hyperlink ref="A@14" r:id="rId1" tooltip="网站"/>'),
    Probe("link inside the workbook", '<hyperlink ref="B@14" location="登记表!A@8" display="合计"/>'),
    "</hyperlinks>",
    Probe("print options", '<printOptions horizontalCentered="1" gridLines="1"/>'),
    '<pageMargins left="0.5" right="0.5" top="0.7" bottom="0.7" header="0.3" footer="0.3"/>',
    Probe("printer settings", '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0" r:id="rId2"/>'),
    Probe(
        "header and footer text",
        '<headerFooter differentFirst="1"><oddHeader>&amp;C登记表&amp;G</oddHeader>'
        "<oddFooter>&amp;C第 &amp;P 页</oddFooter></headerFooter>",
    ),
    Probe("row break", '<rowBreaks count="1" manualBreakCount="1"><brk id="@9" max="16383" man="1"/></rowBreaks>'),
    Probe("column break", '<colBreaks count="1" manualBreakCount="1"><brk id="8" max="1048575" man="1"/></colBreaks>'),
    Probe("property of the sheet", '<customProperties><customPr name="用途" r:id="rId16"/></customProperties>'),
    Probe("watched cell", '<cellWatches><cellWatch r="E@8"/></cellWatches>'),
    Probe(
        "ignored errors",
        '<ignoredErrors><ignoredError sqref="D6:D@7" numberStoredAsText="1"/></ignoredErrors>',
    ),
    Probe("drawing", '<drawing r:id="rId3"/>'),
    Probe("shapes of comments and controls", '<legacyDrawing r:id="rId4"/>'),
    Probe("pictures of header and footer", '<legacyDrawingHF r:id="rId5"/>'),
    Probe("background picture", '<picture r:id="rId6"/>'),
    "<oleObjects>",
    Probe(
        "embedded object",
        '<oleObject progId="Package" shapeId="1030" r:id="rId14"><objectPr defaultSize="0" r:id="rId15">'
        '<anchor moveWithCells="1"><from><xdr:col>1</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>~14</xdr:row>'
        "<xdr:rowOff>0</xdr:rowOff></from><to><xdr:col>2</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>~16</xdr:row>"
        "<xdr:rowOff>0</xdr:rowOff></to></anchor></objectPr></oleObject>",
    ),
    "</oleObjects>",
    '<mc:AlternateContent><mc:Choice Requires="x14"><controls>',
]


def _control(shape: int, relation: str, name: str, row: int) -> str:
    return (
        f'<control shapeId="{shape}" r:id="{relation}" name="{name}"><controlPr defaultSize="0" autoFill="0">'
        f'<anchor moveWithCells="1"><from><xdr:col>3</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>~{row}</xdr:row>'
        "<xdr:rowOff>0</xdr:rowOff></from><to><xdr:col>4</xdr:col><xdr:colOff>0</xdr:colOff>"
        f"<xdr:row>~{row + 1}</xdr:row><xdr:rowOff>0</xdr:rowOff></to></anchor></controlPr></control>"
    )


_X14 = 'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'

EXTENSIONS: Pieces = [
    Probe("form button", _control(1027, "rId8", "Button 3", 10)),
    Probe("check box", _control(1028, "rId9", "Check Box 4", 11)),
    "</controls></mc:Choice></mc:AlternateContent>",
    Probe("table of the sheet", '<tableParts count="1"><tablePart r:id="rId10"/></tableParts>'),
    "<extLst>",
    f'<ext uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}" {_X14}><x14:conditionalFormattings>',
    Probe(
        "icon set (x14)",
        '<x14:conditionalFormatting><x14:cfRule type="iconSet" priority="3" id="{11111111-0000-0000-0000-000000000001}">'
        '<x14:iconSet iconSet="3Stars"><x14:cfvo type="percent"><xm:f>0</xm:f></x14:cfvo>'
        '<x14:cfvo type="num"><xm:f>$E$@8/3</xm:f></x14:cfvo></x14:iconSet></x14:cfRule>'
        "<xm:sqref>E6:E@7</xm:sqref></x14:conditionalFormatting>",
    ),
    Probe(
        "data bar (x14)",
        '<x14:conditionalFormatting><x14:cfRule type="dataBar" id="{11111111-0000-0000-0000-000000000002}">'
        '<x14:dataBar minLength="0" maxLength="100" gradient="0"><x14:cfvo type="autoMin"/>'
        '<x14:cfvo type="autoMax"/></x14:dataBar></x14:cfRule><xm:sqref>F6:F@7</xm:sqref></x14:conditionalFormatting>',
    ),
    "</x14:conditionalFormattings></ext>",
    f'<ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" {_X14}><x14:dataValidations count="1">',
    Probe(
        "drop-down from another sheet (x14)",
        '<x14:dataValidation type="list" allowBlank="1" showErrorMessage="1"><x14:formula1><xm:f>字典!$A$1:$A$3</xm:f>'
        "</x14:formula1><xm:sqref>D6:D@7</xm:sqref></x14:dataValidation>",
    ),
    "</x14:dataValidations></ext>",
    f'<ext uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}" {_X14}><x14:sparklineGroups>',
    Probe(
        "sparklines",
        '<x14:sparklineGroup displayEmptyCellsAs="gap"><x14:colorSeries rgb="FF376092"/><x14:sparklines><x14:sparkline>'
        "<xm:f>登记表!E6:E@7</xm:f><xm:sqref>G@8</xm:sqref></x14:sparkline></x14:sparklines></x14:sparklineGroup>",
    ),
    "</x14:sparklineGroups></ext>",
    f'<ext uri="{{A8765BA9-456A-4dab-B4F3-ACF838C121DE}}" {_X14}>',
    Probe("slicer of the sheet", '<x14:slicerList><x14:slicer r:id="rId13"/></x14:slicerList>'),
    "</ext></extLst></worksheet>",
]

FORM: Pieces = [
    "<worksheet"
    + declared("", "r", "mc", "x14ac", "xr", "xdr", "xm", "x14")
    + ' mc:Ignorable="x14ac xr" xr:uid="{00000000-0001-0000-0000-000000000000}">',
    Probe(
        "tab colour and fit to width",
        '<sheetPr codeName="Sheet1"><tabColor rgb="FFFF0000"/><pageSetUpPr fitToPage="1"/></sheetPr>',
    ),
    '<dimension ref="A1:L@14"/>',
    Probe(
        "frozen panes",
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" zoomScale="85" workbookViewId="0">'
        '<pane xSplit="2" ySplit="5" topLeftCell="C6" activePane="bottomRight" state="frozen"/>'
        '<selection pane="bottomRight" activeCell="C6" sqref="C6"/></sheetView></sheetViews>',
    ),
    '<sheetFormatPr defaultRowHeight="14.25" x14ac:dyDescent="0.2"/>',
    Probe(
        "widths of columns",
        '<cols><col min="1" max="1" width="6.5" customWidth="1"/>'
        '<col min="2" max="7" width="12.25" style="2" customWidth="1"/></cols>',
    ),
    *DATA,
    Probe(
        "sheet protection with a password",
        '<sheetProtection algorithmName="SHA-512" hashValue="AAAA" saltValue="BBBB" spinCount="100000" sheet="1" '
        'objects="1" formatCells="0"/>',
    ),
    Probe(
        "ranges that may be edited",
        '<protectedRanges><protectedRange sqref="B6:C@7" name="姓名" password="CC1A"/></protectedRanges>',
    ),
    Probe(
        "scenarios",
        '<scenarios current="0" show="0"><scenario name="多" locked="1" count="1" user="u"><inputCells r="B@10" val="3"/>'
        "</scenario></scenarios>",
    ),
    FILTERS,
    '<mergeCells count="2">',
    Probe("merged title", '<mergeCell ref="A1:G1"/>'),
    Probe("merged block below", '<mergeCell ref="A@14:A@15"/>'),
    "</mergeCells>",
    Probe("settings of phonetic text", '<phoneticPr fontId="1" type="fullwidthKatakana" alignment="center"/>'),
    *RULES,
    *TAIL,
    *EXTENSIONS,
]

CODES: Pieces = [
    "<worksheet" + declared("") + ">",
    "<sheetData>" + "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{17 + n}</v></c></row>' for n in (1, 2, 3)),
    "</sheetData></worksheet>",
]

SUMS: Pieces = [
    "<worksheet" + declared("", "r") + '><sheetData><row r="1">',
    Probe("formula of another sheet", '<c r="A1"><f>SUM(登记表!E6:E@7)</f></c>'),
    Probe("cell of another sheet", '<c r="B1"><f>登记表!E@8</f></c>'),
    Probe("cached value on another sheet", '<c r="C1"><f>1+1</f><v>2</v></c>'),
    Probe("name in a formula", '<c r="D1"><f>SUM(清单)</f></c>'),
    Probe("column of a table in a formula", '<c r="E1"><f>SUM(编号表[值])</f></c>'),
    '</row></sheetData><drawing r:id="rId1"/></worksheet>',
]

FIXED: Pieces = [
    "<worksheet" + declared("") + '><sheetData><row r="1"><c r="A1"><v>20</v></c>',
    Probe("cached value", '<c r="B1"><f>A1*2</f><v>40</v></c>'),
    Probe("shared formula", '<c r="C1"><f t="shared" ref="C1:C2" si="0">A1+1</f><v>21</v></c>'),
    "</row></sheetData></worksheet>",
]

PIVOT: Pieces = ["<worksheet" + declared("", "r") + "><sheetData/></worksheet>"]

STRINGS: Pieces = [
    "<sst" + declared("") + ' count="21" uniqueCount="21">',
    *(
        f"<si><t>{text}</t></si>"
        for text in re.split(" ", "人员登记表 填报单位：____ 隐藏 说明 序号 姓名 性别 类别 金额 双倍 备注 编号 值 合计")
    ),
    Probe(
        "phonetic runs",
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/></si>',
    ),
    Probe(
        "formatted runs of a text",
        '<si><r><rPr><b/><sz val="11"/><color rgb="FFFF0000"/></rPr><t>注意</t></r>'
        '<r><t xml:space="preserve"> 不得涂改</t></r></si>',
    ),
    "".join(f"<si><t>{text}</t></si>" for text in ("网址", "回到合计", "低保", "特困", "优抚")),
    "</sst>",
]

WORKBOOK: Pieces = [
    "<workbook" + declared("", "r", "mc", "x15", "x14") + ' mc:Ignorable="x15">',
    '<fileVersion appName="xl" lastEdited="7" lowestEdited="7" rupBuild="22228"/>',
    Probe("name of the workbook for macros", '<workbookPr codeName="ThisWorkbook" defaultThemeVersion="166925"/>'),
    Probe("protected structure", '<workbookProtection workbookPassword="CC1A" lockStructure="1"/>'),
    '<bookViews><workbookView xWindow="0" yWindow="0" windowWidth="20000" windowHeight="9000"/></bookViews>',
    '<sheets><sheet name="登记表" sheetId="1" r:id="rId1"/>',
    Probe("hidden sheet", '<sheet name="字典" sheetId="2" state="hidden" r:id="rId2"/>'),
    '<sheet name="汇总" sheetId="3" r:id="rId3"/><sheet name="透视" sheetId="4" r:id="rId4"/>',
    Probe("very hidden sheet", '<sheet name="底稿" sheetId="5" state="veryHidden" r:id="rId5"/>'),
    "</sheets>",
    Probe("external links", '<externalReferences><externalReference r:id="rId9"/></externalReferences>'),
    "<definedNames>",
    Probe(
        "filter range",
        '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">登记表!$A$5:$G$@7</definedName>',
    ),
    Probe("print area", '<definedName name="_xlnm.Print_Area" localSheetId="0">登记表!$A$1:$G$@14</definedName>'),
    Probe(
        "print titles",
        '<definedName name="_xlnm.Print_Titles" localSheetId="0">登记表!$A:$A,登记表!$4:$5</definedName>',
    ),
    Probe("name of a range", '<definedName name="清单" comment="名单">登记表!$E$6:$E$@7</definedName>'),
    Probe("name of a constant", '<definedName name="税率">0.13</definedName>'),
    "</definedNames>",
    Probe("calculation by hand", '<calcPr calcId="191029" calcMode="manual" iterate="1"/>'),
    '<pivotCaches><pivotCache cacheId="1" r:id="rId10"/></pivotCaches>',
    '<extLst><ext uri="{BBE1A952-AA13-448e-AADC-164F8A28A991}">',
    Probe("slicer cache of the workbook", '<x14:slicerCaches><x14:slicerCache r:id="rId11"/></x14:slicerCaches>'),
    "</ext></extLst></workbook>",
]

SHEETS: Parts = {
    "xl/workbook.xml": WORKBOOK,
    "xl/worksheets/sheet1.xml": FORM,
    "xl/worksheets/sheet2.xml": CODES,
    "xl/worksheets/sheet3.xml": SUMS,
    "xl/worksheets/sheet4.xml": PIVOT,
    "xl/worksheets/sheet5.xml": FIXED,
    "xl/sharedStrings.xml": STRINGS,
}
