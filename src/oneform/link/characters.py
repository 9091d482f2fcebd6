"""Link, tables: what is known of name characters: simplified forms, variants, look-alikes, surnames and their readings.

Written for this project. They serve match keys only: the original text is never replaced.
"""

# ruff: noqa: SIM905 - tables of characters read better as words than as lists of strings

from __future__ import annotations

# Traditional (or old) form, simplified form, by turns. Folded into the name key.
_TRADITIONAL = (
    "張张陳陈劉刘楊杨趙赵黃黄吳吴孫孙馬马鄭郑謝谢韓韩馮冯許许鄧邓蕭萧葉叶閻阎閆闫餘余於于範范鍾钟鐘钟雲云"
    "蘇苏盧卢蔣蒋賈贾呂吕羅罗譚谭鄒邹陸陆顧顾龍龙萬万錢钱湯汤賀贺賴赖龔龚龐庞蘭兰齊齐莊庄嚴严溫温畢毕嶽岳"
    "聶聂駱骆關关塗涂歐欧陽阳諸诸鮑鲍魯鲁韋韦喬乔寧宁應应紀纪項项單单衛卫閔闵穎颖潁颍鳳凤麗丽華华國国強强"
    "偉伟傑杰軍军紅红榮荣誠诚慶庆瑩莹靜静嬌娇豔艳艷艳鵬鹏飛飞東东濤涛潔洁澤泽濱滨瀋沈曉晓暉晖時时書书曄晔"
    "會会權权楓枫樂乐樹树橋桥歡欢鋒锋銘铭鋼钢錦锦鎮镇鐵铁銀银銳锐長长門门開开閏闰雙双順顺頌颂頤颐顏颜願愿"
    "風风馳驰駿骏騰腾驍骁鴻鸿鶴鹤鷹鹰麥麦黨党亞亚來来倫伦傳传儀仪億亿優优兒儿剛刚創创劍剑勁劲勛勋勳勋勝胜"
    "勞劳區区協协叢丛員员嘯啸圓圆園园圖图堅坚塵尘壯壮壽寿夢梦奮奋嫻娴學学寶宝實实尋寻嶺岭峯峰嵐岚師师帥帅"
    "廣广彥彦復复徹彻恆恒悅悦愛爱憲宪憶忆懷怀戰战揚扬揮挥昇升陞升晉晋暢畅業业樓楼檸柠歲岁歸归漢汉潤润濟济"
    "瀟潇灣湾灝灏為为爲为烏乌煥焕煒炜燁烨燦灿爾尔獻献瑋玮瑤瑶環环瓊琼畫画發发盡尽眾众碩硕禮礼禎祯禪禅種种"
    "穩稳筍笋節节簡简紋纹納纳純纯紗纱紹绍結结絢绚絲丝綠绿維维綱纲綺绮綿绵緒绪緣缘緯纬練练績绩繡绣繼继續续"
    "纓缨義义習习翹翘聖圣聞闻聰聪聯联聲声肅肃與与興兴荊荆萊莱葦苇蒼苍蓀荪蓮莲薔蔷藍蓝藝艺蘊蕴蘆芦螢萤親亲"
    "覺觉觀观計计訓训記记詠咏詩诗詳详語语誼谊諒谅諾诺謙谦謹谨譽誉讓让讚赞豐丰貝贝貞贞財财貢贡貴贵費费賓宾"
    "賜赐賢贤贊赞躍跃車车軒轩輔辅輝辉農农邊边遠远適适遙遥遜逊遲迟遷迁遼辽邁迈鄺邝釋释釗钊鈞钧鈴铃鉅钜銓铨"
    "錄录錫锡鍵键鎖锁鏡镜鑄铸鑒鉴鑑鉴閣阁闊阔雋隽靈灵靚靓韻韵領领顯显飄飘鮮鲜鳴鸣鶯莺鵑鹃齡龄吶呐吿告啓启"
    "嬋婵婭娅妍妍孌娈嶼屿幹干慮虑捷捷掙挣攬揽敘叙暘旸榕榕欽钦渙涣滄沧漣涟瀾澜瀛瀛燉炖犖荦瑪玛璽玺瓏珑癒愈"
    "皚皑砲炮磯矶祐佑穀谷竇窦竝并簫箫籬篱紜纭絮絮綸纶縈萦纘缵羣群臨临艙舱蓋盖薩萨虛虚褲裤訢欣詢询諶谌謨谟"
    "譓譓豎竖賁贲賦赋贛赣軼轶輿舆轅辕邱邱郟郏鄔邬鄢鄢鈺钰鉉铉銜衔鋮铖鎧铠鏵铧鐸铎閻阎闕阙隴陇雛雏韜韬頊顼"
    "頡颉頻频顥颢饒饶駟驷駒驹驥骥鯤鲲鵾鹍黌黉號号樓楼棟栋層层廳厅灣湾縣县鄉乡鎮镇廠厂場场"
)
SIMPLIFIED: dict[str, str] = {
    old: new for old, new in zip(_TRADITIONAL[::2], _TRADITIONAL[1::2], strict=True) if old != new
}

# Characters that registers write for one another; equal only at the level `variant`, never in the key.
_VARIANTS = (
    "萧肖 阎闫 傅付 戴代 邱丘 甯宁 珮佩 堃坤 喆哲 馀余 澂澄 凃涂 兰蓝 仝同 芦卢 冼洗 勐猛 曌照 钜巨 祐佑 "
    "镕熔 谿溪 瑠琉 菓果 栢柏 昞炳 暎映 寳宝 逹达"
)
VARIANTS: dict[str, str] = {group[0]: group[1] for group in _VARIANTS.split()}

# Characters one hand or one scanner takes for another. A character may stand in more than one group.
SHAPES: tuple[str, ...] = tuple(
    (
        "未末 己已巳 候侯 崔催 祟崇 王玉 晓晚 红江 洁结 天夭 大太 日曰 士土 干千于 人入 木本 田由甲申 刀力 "
        "名各 徐除 陈阵 杨扬 汤场 汪注 晴睛 清请情 辰晨 玲铃伶 伟玮炜纬 倩情 佳桂 桂柱 杜社 林材 秦泰奉 贾贡 "
        "栗粟 傅博 萍苹 薇微 凡几 凤风 永水 刚钢纲 峰锋烽 明朋 晏宴 泽译择 玫玟玖 琳淋 瑞端 艳绝 芳芬 荣荥 "
        "莹萤 贵责 赵起超 辉晖挥 雪雷 颖颍 龙尤 余佘 邢刑 祁祈 戌戍戊 毋母 宁宇字 安宴 容客 帅师 建健 廷延 "
        "思恩 恒桓 悦说 惠蕙慧 旋施 景影 曼蔓 柏伯 栋冻 桃挑 梅悔海 治冶 源原 滨宾 焕换 琪淇祺棋 瑶遥 璐露 "
        "生主 石右 秀季 素索 翔祥 自白 良艮 茜西 蔡察 谭潭 远运 邓郑 金全 孟盂 丽雨 兵乒 冉再 卞下 卫卩 印卯 "
        "史吏 吴昊 周固 唐康 夏复 姜美 宋朱 尹伊 常党 廖寥 彭膨 曹曾 沈沉 温湿 潘番 熊能 牛午 申中 白百 章童 "
        "竞竟 竺竹 米来 罗岁 聂耳 范苑 蒋将 袁哀 褚诸 许讦 贝见 贺贸 邵召 邹郭 郝赫 钟种 闵闽 阳阴 隋隨 雷雪 "
        "韦书 项顶 顾颐 高亮 魏巍 鲁鱼 龚龛 娟捐 婷停 嫒媛 婧靖 静睁 莉梨"
    ).split()
)

# The reading of a surname where the everyday reading of the character is another one, or several are borne.
SURNAME_READING: dict[str, tuple[str, ...]] = {
    key: tuple(readings.split("/"))
    for key, readings in (
        pair.split(":")
        for pair in (
            "曾:zeng 覃:qin/tan 翟:zhai 乐:yue/le 阚:kan 单:shan 仇:qiu 解:xie 查:zha 任:ren 盖:ge/gai 区:ou "
            "朴:piao 纪:ji 华:hua 冼:xian 洗:xian 召:shao 缪:miao 员:yun 祭:zhai 种:chong 黑:he/hei 秘:bi 折:she "
            "逄:pang 隗:wei/kui 那:na 哈:ha 宓:mi/fu 能:nai 牟:mu/mou 郇:xun/huan 宿:su 褚:chu 占:zhan 钭:tou "
            "燕:yan 应:ying 卜:bu 薄:bo 曲:qu 沈:shen 石:shi 车:che 贲:ben 葛:ge 柏:bai/bo 叶:ye 俞:yu 相:xiang "
            "晁:chao 谌:chen/shen 句:gou 么:yao 都:du 繁:po 盛:sheng 郝:hao 殷:yin 谷:gu 粘:nian 臧:zang 藏:zang "
            "佴:nai 郗:xi/chi 郄:qie/xi 撒:sa 莘:shen/xin 瞿:qu 甄:zhen 万:wan 尉:wei 长:chang 澹:tan 戚:qi 参:can "
            "卒:zu 校:xiao 令:ling 宁:ning 尹:yin 尧:yao 幺:yao 库:she 厍:she 恽:yun 惠:hui 强:qiang 朱:zhu "
            "权:quan 来:lai 桑:sang 洪:hong 涂:tu 焦:jiao 熊:xiong 畅:chang 薛:xue 行:xing 适:shi 重:chong 闫:yan "
            "阎:yan 降:jiang 雒:luo 顾:gu 龟:gui 贾:jia"
        ).split()
    )
}

COMPOUND_SURNAMES: frozenset[str] = frozenset(
    (
        "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 长孙 宇文 端木 百里 南宫 独孤 澹台 万俟 "
        "鲜于 闾丘 太史 轩辕 钟离 呼延 东郭 西门 申屠 太叔 仲孙 第五 濮阳 赫连 淳于 公冶 宗政 司空 司寇 拓跋 "
        "完颜 纳兰 叶赫 公羊 谷梁 乐正 拓拔 梁丘 左丘 东门 南门"
    ).split()
)

# How common a surname is, coarsely: the share of people who bear each surname of the class. Order of magnitude only.
_COMMON = (
    ("王李张刘陈", 0.06),
    ("杨赵黄周吴徐孙胡朱高林何郭马", 0.018),
    (
        "罗梁宋郑谢韩唐冯于董萧肖程曹袁邓许傅付沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎闫余潘杜戴夏钟"
        "汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文",
        0.005,
    ),
)
SURNAME_SHARE: dict[str, float] = {surname: share for surnames, share in _COMMON for surname in surnames}
OTHER_SURNAME_SHARE = 0.0008

INTERPUNCT = "·"
INTERPUNCTS = "•・.．‧∙⋅᛫ꞏ﹒･●◦"  # all folded to U+00B7 between Han characters
UNREADABLE = "□"  # one character nobody can read: stands for any
UNREADABLES = "*＊?？×✕✖囗▢■〓�◻○〇Ｘ"
