"""ooxml: a workbook package as bytes: guard, zip index, byte spans, deflate."""
