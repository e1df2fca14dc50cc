"""Named patterns of the lines that surround an article and are not part of it."""

import re

__all__ = ["FURNITURE", "furniture_rule", "opens_link_list"]

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
_DATE = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?[ -]{_MONTH},?[ -]\d{{4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{4}}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{{4}})"
_TIME = r"(?:\d{1,2}[:.]\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?(?:\s*\(?(?:gmt|utc|est|edt|et|ast|local time)(?:[+-]\d+)?\)?)?)"
_SHORT = r"[^.!?؟]{0,120}[.!]?"

#: Each kind of furniture with its pattern, tried in this order on one stripped line, case ignored.
FURNITURE: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "date": rf"(?:(?:{_DAY},?|published|updated|posted|last (?:updated|modified)|on|date|first published)[: ]*)*(?:on |at )?{_DATE}"
        rf"(?:[\s,|·•@–—-]*(?:at )?{_TIME})?(?:[\s,|·•–—-]+(?:updated|last (?:updated|modified)|by|in|\d+ min(?:ute)?s? read)\b{_SHORT})?[.|]?$"
        rf"|(?:last )?(?:published|updated|posted|modified)\s*(?:on|at|:)?\s[^.!?]{{0,60}}(?:\d|ago|today|yesterday)[^.!?]{{0,30}}[.]?$"
        rf"|{_TIME}[\s|,·–—-]*(?:{_DATE})?$|\d+ (?:second|minute|min|hour|day|week|month|year)s? ago$",
        "byline": r"(?:(?:by|from) [^\W\d_a-z]|(?:written|posted|prepared|reported|edited|translated|compiled|published|submitted|story|text|words|report|analysis|opinion) by\b|"
        r"(?:author|authors|writer|researcher|editor|translator|reporter|correspondent)s?\s*:|category\s*:|بقلم|إعداد|كتب[:ه]?\s|نووسینی)"
        rf"{_SHORT}$",
        "reporting-credit": r"\(?(?:additional |with )?(?:reporting|writing|editing|compiled|translation|translated) (?:and (?:writing|editing) )?by\b.{0,200}$"
        r"|.{3,80}\bcontributed (?:to (?:this|the) |reporting).{0,60}$",
        "read-more": r"(?:read|see|watch|learn|find out|show|view|load|continue|click here|tap here|مزيد|للمزيد|اقرأ|إقرأ|زیاتر بخوێنەوە)\s*"
        r"(?:more|also|next|all|full (?:story|article|report)|reading|the full|to (?:read|subscribe|watch)|here|أيضا|أيضًا|المزيد)?\b\s*(?:[:»›>→….|-].{0,200})?$"
        r"|(?:read more|read also|also read|see also|related|recommended|don't miss|don’t miss|more on this|more from|more in|you may also like|you might also like|also on|in case you missed it|must read)\b\s*(?:[:»›>→|-].{0,200}|[^.!?]{0,60})$",
        "comments": r"(?:no|\d+|leave a|leave your|post a|add a|view|show|hide|write a|join the)\s*(?:comments?|repl(?:y|ies)|responses?|conversation|discussion)\b[^.!?]{0,60}[.!]?$"
        r"|comments?(?:\s*\(?\d+\)?|:| are closed.?| off)?$|your email address will not be published.{0,80}$|required fields are marked.{0,10}$"
        r"|(?:log in|login|sign in|register)(?: or (?:register|sign up))?(?: to \w[^.!?]{0,50})?[.!]?$|(?:لا |لا توجد |بدون )?تعليقات?$",
        "source": r"\(?(?:original |originally |main |news |photo |image |picture )?(?:sources?|via|المصدر|مصدر|سەرچاوە|credits?|link)\s*[:：]\s*.{0,160}$"
        r"|(?:this (?:article|story|piece|report|post|text)|the (?:original|article)|it)\b.{0,40}\b(?:(?:first|originally) (?:published|appeared)|was (?:first |originally )?(?:published|produced|translated)|appeared first|is republished|has been republished)\b.{0,160}$"
        r"|(?:republished|reprinted) (?:with permission|from|under)\b.{0,120}$",
        "share": r"(?:share|tweet|pin|email|e-mail|print|save|copy link|facebook|twitter|x|whatsapp|telegram|linkedin|reddit|pinterest|viber|instagram|youtube|like|bookmark|مشاركة|شارك|بڵاوی بکەرەوە)"
        r"(?:(?:[\s,|/·•:+&]|on|this|article|story|post|via|the|link|page|with friends|:)*(?:share|tweet|pin|email|e-mail|print|save|copy|link|facebook|twitter|x|whatsapp|telegram|linkedin|reddit|pinterest|viber|instagram|youtube|messenger|threads|bluesky|\d+))*[\s:.!]*$"
        r"|(?:share|tweet|print|email|like|follow) (?:this|us|on|with|our)\b[^.?]{0,100}[.!]?$|\d+(?:\.\d+)?k?\s*(?:shares|views|likes|reads|retweets)\b.{0,30}$",
        "subscription": r"(?:subscribe|sign up|signup|join|get|receive|follow|download|become a member|support|donate|register|تابعنا|اشترك)\b.{0,80}\b(?:newsletters?|inbox|channel|telegram|whatsapp|updates|alerts|daily briefing|mailing list|e-?mail|app|facebook|twitter|instagram|youtube|today|podcast|journalism|member|free trial)\b.{0,80}$"
        r"|(?:subscribe|sign up|signup|join us|join now|donate|follow us|register now|newsletter|our newsletter)(?: now| today| here| free)?[.!]?$|(?:already )?(?:a )?(?:member|subscriber)\?.{0,40}$|enter your e-?mail.{0,60}$",
        "caption": r"(?:\(?(?:photo|file photo|file|image|picture|illustration|graphic|video|caption|figure|map)\s*(?:by|courtesy|credit|:|\||/|©)).{0,300}$"
        r"|.{3,300}[\[(](?:[^\])]{0,60}\b)?(?:photo|file|getty(?: images)?|reuters|ap|afp|epa|anadolu|image|courtesy|handout|shutterstock|picture|archive)\b[^\])]{0,60}[\])]\.?$"
        r"|.{3,300}(?:[.|/–—-]\s*|\s)(?:(?:photo|image|picture)s?(?: (?:credit|by|courtesy))?\s*[:/]\s*.{2,60}|(?:getty images|shutterstock|afp photo|ap photo))\.?$"
        r"|©\s*(?:getty|afp|reuters|ap\b|epa|anadolu).{0,80}$",
        "advertisement": r"(?:-+\s*)?(?:story continues below |article continues (?:below|after) )?(?:this )?(?:advertisements?|advertisment|sponsored(?: content)?|promoted(?: content)?|ads?|ad choices|إعلان|ڕیکلام)\b(?: by .{0,30})?(?:\s*-+)?\.?$|(?:story|article) continues (?:below|after).{0,60}$|remove ads.{0,20}$",
        "rights": r"(?:.{0,60}(?:©|\(c\) ?\d|copyright\b|&copy;).{0,160}|.{0,120}\ball rights reserved\b.{0,100}|جميع الحقوق محفوظة.{0,80}|.{0,40}هەموو مافێکی پارێزراوە.{0,60}"
        r"|(?:terms|privacy|cookies?)(?: (?:of (?:use|service)|and conditions|& conditions|policy|settings|notice|preferences))?(?:[\s|·•&/,]+(?:terms|privacy|cookies?|contact|about|advertise|careers|sitemap)[^.!?]{0,40})*)$",
        "disclaimer": r"(?:the )?(?:views|opinions)(?: and (?:views|opinions))?(?: \w+){0,8}? (?:are|is|represent|belong|do not)\b.{0,300}$|disclaimer\s*:.{0,400}$|we use cookies.{0,300}$|this (?:site|website) uses.{0,200}$|(?:editor[’']s|editorial) note\s*:.{0,500}$",
        "reading-time": r"(?:(?:estimated )?(?:reading|read) time\s*:?\s*\d.{0,20}|\d+[ -]min(?:ute)?s?(?:[ -]read)?(?: \|.{0,40})?|listen to (?:this|the) (?:article|story).{0,40}|\d+ words)$",
        "navigation": r"(?:skip|jump) to (?:main |the )?(?:content|navigation|search|footer).{0,40}$|(?:back to (?:the )?top|scroll to top|previous|next|previous (?:article|post|story).{0,160}|next (?:article|post|story).{0,160}|home|menu|search|close|toggle .{0,40}|loading)[.…]*$"
        r"|(?:[^!?>»›|·•]{1,60}\s(?:>|»|›|\||·|•|::)\s){2,}.{0,200}$|(?:home|الرئيسية|سەرەتا)\s*(?:[>»›|/·•]|::).{0,200}$|.{0,60}(?:\s»\s|\s›\s).{0,120}[^.!?]$|(?:tags?|topics?|keywords|filed under|in this story|section|sections|categories|الوسوم|تاگ)\s*[:：].{0,300}$|page \d+(?: of \d+)?$|\d+ ?/ ?\d+$",
        "reference": r"(?:\[\d+\]|\(\d+\)|\d{1,2}[.)]|\^|↑|[¹²³⁴⁵⁶⁷⁸⁹]+).{0,400}(?:https?://|www\.|\bibid\b|\baccessed\b|\bretrieved\b|\bdoi\b|\bpp?\. ?\d|,\s?\d{4}\)?\.?$).{0,200}$|\[\d+\]\s?[^\W\d_].{0,400}$",
        "address": r"(?:https?://|www\.)\S+$|\S+@\S+\.\w+$|(?:for (?:more|further) information|(?:media |press )?contacts?|media (?:inquiries|enquiries)|tel|phone|e-?mail|website|fax)\b[^.!?]{0,40}[:,].{0,160}$|#\w+(?:\s+#\w+)*$|-*\s*(?:ends?|end of (?:article|story|text|release)|###)\s*-*$",
    }.items()
}

_LONGEST = 600
# Lines that open with a letter are most lines: only those whose first word can open furniture are matched.
_LINK_LIST = re.compile(
    r"(?:read also|also read|see also|related\b.{0,30}|recommended.{0,30}|most (?:read|popular|viewed|shared)|trending.{0,20}"
    r"|popular.{0,20}|latest(?: (?:news|stories|posts|articles|headlines|from .{0,20}))?|more (?:news|stories|from .{0,40}|on this.{0,20}|in .{0,30})|you (?:may|might) also like|recent (?:posts|news|articles|stories|comments)"
    r"|top stories|editor[’']?s[’']? picks?|don[’']t miss|references|sources|footnotes|endnotes|notes|bibliography|works cited|المراجع|المصادر|الهوامش|اقرأ أيضا|مواضيع ذات صلة|archives?|categories|tags|sections|follow us)\s*:?$",
    re.IGNORECASE,
)


def furniture_rule(line: str) -> str | None:
    """Return the name of the first pattern that the stripped line matches, or ``None``."""
    if len(line) > _LONGEST:
        return None
    for name, pattern in FURNITURE.items():
        if pattern.match(line):
            return name
    return None


def opens_link_list(line: str) -> bool:
    """Tell whether the line heads a list of links or references: what follows in short lines is furniture too."""
    return len(line) < 60 and _LINK_LIST.match(line) is not None
