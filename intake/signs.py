"""How machines write: words in subjects and texts by which a mail without marks is known.

Every pattern is anchored or made of fixed words, and is tried on a bounded piece of text.
"""

import re

#: local parts no person has
ROBOTS = re.compile(
    r"(mailer-daemon|postmaster|no-?reply.*|do-?not-?reply.*|bounces?([+-].*)?|.*-bounces([+-].*)?|"
    r"owner-.*|.*-(request|owner)|listserv|majordomo|root|nobody|notifications?)@",
    re.IGNORECASE,
)
#: those that report deliveries
DAEMONS = re.compile(
    r"(mailer-daemon|postmaster|mail-?daemon|mdaemon|microsoftexchange[0-9a-f]{16,})@",
    re.IGNORECASE,
)

AWAY = re.compile(
    r"\s*((re|aw|sv|antw|odp): )?(automatic reply|auto(matic)?[- ]?(reply|response|responder)\b|"
    r"autoreply|out of (the )?office\b|automatische (antwort|reactie)|"
    # a person may write of somebody's absence
    r"\w{0,12}abwesenheit(s\w{3,20}|(?=\s*([-:;,.!(\[\u2013]|bis\b|vom\b|ab\b|$)))|"
    r"r[eé]ponse automatique|absence du bureau|message d.absence|respuesta autom[aá]tica|"
    r"fuera de la oficina|risposta automatica|fuori sede|automatisch (antwoord|bericht)|afwezig|"
    r"resposta autom[aá]tica|automatyczna odpowied[zź]|automatiskt? svar|autosvar|"
    r"automaattinen vastaus|automatick[aá] odpov[eě]ď|автоответ|自動応答|自动回复)",
    re.IGNORECASE,
)

_FAILED = (
    r"undeliver(ed|able)\b|delivery (status notification|failure|failed|has failed|delayed|report)|"
    r"mail (delivery (failed|failure|subsystem|status|system)|system error)|"
    r"message (could not be delivered|not delivered|undeliverable)|returned (mail|to sender)|"
    r"failure notice|non.?delivery|delayed mail|warning: (could not send message|message .{1,60} "
    r"delayed)|could not be delivered|your message .{0,40}(could not|couldn.t) be delivered|"
    r"unzustellbar|nicht zugestellt|zustellung .{0,40}(fehlgeschlagen|verz[oö]gert)|"
    r"nachricht .{0,30}nicht zugestellt|fehler bei der [uü]bermittlung|non remis|"
    r"[eé]chec de (la )?(remise|distribution|livraison)|message non (d[eé]livr[eé]|distribu[eé])|"
    r"no (se puede entregar|se pudo entregar|entregad[oa])|entrega (fallida|retrasada)|"
    r"error en la entrega|non (recapitabile|consegnat[oa])|impossibile recapitare|mancat[oa] "
    r"(recapito|consegna)|niet.?bestelbaar|onbestelbaar|bezorging mislukt|n[aã]o "
    r"([eé] poss[ií]vel entregar|entregue|foi poss[ií]vel entregar)|falha na entrega|"
    r"nie (mo[zż]na|uda[lł]o si[eę]) dostarczy[cć]|niedostarcz|kunde inte levereras|"
    r"olevererat|ikke leveret|kunne ikke leveres|toimittamaton|nedoru[cč]iteln|недоставлен|"
    r"не доставлен|配信不能|配信できません|未送达|退信|无法投递"
)
FAILED = re.compile(rf"\s*((re|aw): )?\W{{0,4}}(e-?mail )?({_FAILED})", re.IGNORECASE)

#: in the first words of a report that is nothing but text
TOLD = re.compile(
    r"qmail-send program|this message was created automatically by mail|"
    r"(couldn.t|could not|cannot|can.t|unable to|wasn.t able to|not able to|failed to) "
    r"(be )?deliver(ed)?\b|undeliver(ed|able) (mail|message)|delivery (to the following|failed|"
    r"has failed|of (this|your) (e-?mail|message))|permanent (fatal )?errors?\b|"
    r"mailbox (is full|unavailable|not found|does not exist)|user unknown|no such (user|mailbox)|"
    r"recipient (address )?rejected|nicht zugestellt werden|konnte nicht zugestellt|"
    r"n.a pas pu [eê]tre (remis|d[eé]livr[eé]|distribu[eé])|no (pudo|se ha podido) (ser )?entrega|"
    r"non [eè] stato possibile (recapitare|consegnare)|kon niet worden (bezorgd|afgeleverd)|"
    r"n[aã]o (p[oô]de|foi poss[ií]vel) (ser )?entreg|nie (mog[lł]a|zosta[lł]a) .{0,12}dostarczon",
    re.IGNORECASE,
)
#: a report that still hopes
WAITS = re.compile(
    r"(will|is|are) (still )?(keep |being |continue |be )?(retr|try)|still (trying|being)|"
    r"delivery .{0,20}delayed|delayed|no (further )?action is (required|needed)|not a(n)? "
    r"(permanent )?(error|failure)|you do not need to resend|wird weiter versucht|verz[oö]gert|"
    r"weitere zustellversuche|sera (de nouveau )?(tent|r[eé]essay)|retard[eé]|se seguir[aá] "
    r"intentando|verr[aà] ritentat|opnieuw (geprobeerd|proberen)|ser[aá] tentad",
    re.IGNORECASE,
)
GAVE_UP = re.compile(
    r"giv(en|ing) (it )?up|permanent|too long|expired|has failed|aufgegeben|endg[uü]ltig|"
    r"\b5\.\d{1,3}\.\d{1,3}\b",
    re.IGNORECASE,
)
