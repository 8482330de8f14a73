"""Clues that a mail asks nothing of the desk: newsletters, sales, robots, support, billing, jobs.

Not a kind, so no file in `kinds/`; the classifier weighs these for `not_a_request`.
"""
# ruff: noqa: E501  a regular expression is not wrapped, and speaks eight languages

from handlers.handler import Clue, spoken

NOISE: tuple[Clue, ...] = (
    spoken(
        "en",
        {
            4.0: (
                r"\b(out of (the )?office|automatic reply|auto.?reply|on (annual|parental|maternity|sick) leave|delivery (status notification|has failed)|undeliverable|mail delivery (failed|subsystem))\b",
                r"\b(view|read) (this|it)( e.?mail| message)? (in|on) (your|a|the) (web )?browser\b",
                r"\b(seo|guest post|backlinks?|link building|lead generation|rank(ing)? (on|in) google|web design services|outsourc\w{1,4} (team|services|partner))\b",
            ),
            3.0: (
                r"\b(delete|remove|archive|close) (a |an |the |this |that |our |some |two |unused )?(old |empty |test )?(space|room|seats?|licen[cs]es?|channel|meeting|folder|guest|team)\b",
                r"\b(book|schedule|grab|set up|arrange|hop on) (a |some )?(\w{1,10} )?(demo|call|meeting|15 minutes|chat|time)\b",
                r"\b(we (offer|provide|help|specialise|specialize)|our (solution|platform|services|product|team) (can|helps|offers|will))\b",
                r"\b(job|vacancy|position|role|internship|opening|application for|candidate|recruit\w{1,5}|hiring)\b…\b(apply|applying|cv|resume|interview|interested|experience|attached|opportunity)\b",
                r"\b(invoice|payment|receipt|purchase order|remittance|overdue balance|credit note)\b…\b(attached|due|number|no|paid|pay|overdue|enclosed|correct|vat)\b",
                r"\b(refund|money back|charged twice|double charged|cancel (my|our) (paid |pro )?(plan|subscription|trial))\b",
                r"\b(can.?t|cannot|could not|couldn.?t|unable to|trouble|problem|issue|error|bug|fails?|failed|crash\w{0,3}|not working|doesn.?t work|won.?t)…\b(log ?in|sign ?in|join|connect|share|screen|audio|video|camera|microphone|password|app|browser|meeting|space|call|install|upload|notification)\b",
                r"\b(webinar|conference|exhibition|sponsorship|trade show|early bird|register now|save the date)\b",
                r"\b(call|audio|video|sound) (quality|drops|dropped)\b",
            ),
            2.0: (
                r"\b(unsubscribe (here|at any time|link)|to unsubscribe|manage (your )?(preferences|subscription)|you are receiving this (e.?mail|message) because|update your preferences)\b",
                r"\b(pricing|quote|price list|discount|licen[cs]es?|seats?|upgrade|trial|reseller|partnership)\b",
                r"\b(thanks|thank you|many thanks|cheers|much appreciated)( so much| very much| again)?( for (your|the) (help|reply|quick|support|update))?\W{0,3}$",
                r"\b(how (do|can) (i|we)|where (do|can) (i|we)|is it possible to) (add|create|invite|rename|share|record|change|set|enable|disable|mute|schedule|delete|remove|export) (a |an |the |our |my )?(space|room|user|guest|member|meeting|channel|file|background|avatar|recording|seat|licen[cs]e|notification|whiteboard)s?\b",
                r"\b(this week.?s|weekly digest|monthly update|newsletter|edition|in this issue)\b",
                r"\b(feature request|feedback|suggestion|roadmap)\b",
                r"\b(verification code|confirm your e.?mail|your order|tracking number|shipment)\b",
            ),
            1.0: (
                r"\b(lunch|coffee|agenda|minutes of the meeting|calendar|reschedul\w{1,3}|see you)\b",
            ),
        },
    )
    + spoken(
        "de",
        {
            4.0: (r"\b(abwesenheit\w{0,12}|automatische antwort|nicht im b[uü]ro|unzustellbar)\b",),
            2.5: (
                r"\b(bewerbung (als|um)|stellenangebot|initiativbewerbung)\b(?!…\bl[oö]sch)",
                r"\b(rechnung\w{0,6}|zahlung\w{0,6}|mahnung|angebot|preisliste)\b…\b(anbei|nr|nummer|f[aä]llig|anhang|falsch)\b",
                r"\b(funktioniert nicht|kann (mich )?nicht|fehlermeldung|passwort|absturz)\b",
                r"\b(wir bieten|unsere l[oö]sung|kennenlerntermin|webinar)\b",
            ),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\b(absence du bureau|r[eé]ponse automatique|absent\w{0,2} du bureau|non remis)\b",
            ),
            2.5: (
                r"\b(candidature (au|pour le) poste|offre d.?emploi|stage)\b(?!…\bsupprim)",
                r"\b(facture|paiement|devis|remboursement)\b",
                r"\b(ne fonctionne (pas|plus)|impossible de|message d.?erreur|mot de passe|plant\w{1,3})\b",
                r"\b(nous proposons|notre solution|webinaire)\b",
            ),
        },
    )
    + spoken(
        "es",
        {
            4.0: (r"\b(fuera de la oficina|respuesta autom[aá]tica|no entregado)\b",),
            2.5: (
                r"\b(oferta de (empleo|trabajo)|candidatura|vacante)\b",
                r"\b(factura\w{0,5}|pago|presupuesto|reembolso)\b",
                r"\b(no funciona|no puedo (entrar|acceder a la|iniciar|conectar\w{0,2})|mensaje de error|contraseña)\b",
            ),
        },
    )
    + spoken(
        "it",
        {
            4.0: (r"\b(fuori (sede|ufficio)|risposta automatica|mancato recapito)\b",),
            2.5: (
                r"\b(offerta di lavoro|candidatura|posizione aperta)\b",
                r"\b(fattur\w{1,6}|pagamento|preventivo|rimborso)\b",
                r"\b(non funziona|non riesco a|messaggio di errore|password)\b",
                r"\b(offriamo|la nostra soluzione|webinar)\b",
            ),
        },
    )
    + spoken(
        "nl",
        {
            4.0: (r"\b(afwezig\w{0,4}|automatisch antwoord|niet op kantoor|onbestelbaar)\b",),
            2.5: (
                r"\b(vacature|sollicitatie (op|naar|voor))\b",
                r"\b(factuur|betaling|offerte|terugbetaling)\b",
                r"\b(werkt niet|kan niet inloggen|foutmelding|wachtwoord)\b",
            ),
        },
    )
    + spoken(
        "pt",
        {
            2.5: (
                r"\b(fatura|pagamento|or[cç]amento|reembolso|boleto)\b",
                r"\b(n[aã]o funciona|n[aã]o consigo (entrar|acessar o|conectar)|mensagem de erro|senha)\b",
            )
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(poza biurem|automatyczna odpowied[zź]|nieobecno[sś][cć]|niedor[eę]czon\w{1,2})\b",
            ),
            2.5: (
                r"\b(faktur\w{1,2}|p[lł]atno[sś]\w{1,2}|zwrot pieni[eę]dzy|wycen\w{1,2})\b",
                r"\b(nie dzia[lł]a|nie mog[eę] si[eę] zalogowa[cć]|komunikat o b[lł][eę]dzie|has[lł]\w{1,2})\b",
                r"\b(oferujemy|nasze rozwi[aą]zanie|webinar)\b",
            ),
        },
    )
)
