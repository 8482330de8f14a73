"""Red flags: signs that a mail needs a careful person, whatever else it asks."""
# ruff: noqa: E501  a regular expression is not wrapped, and speaks eight languages

from intake.classify.needles import Signs, Words

_FLAGS = {
    "lawyer": r"solicitors?|attorneys? at law|law firm|my (lawyer|attorney)|our client|we act for|letter before (action|claim)|legal counsel|barrister|rechtsanw[aä]lt\w*|kanzlei|mandant\w*|avocate?s?|abogad[oa]s?|avvocat\w+|advocaat|advogad[oa]s?|adwokat\w*|radca prawn\w*",
    "regulator": r"information commissioner|\bico\b|data protection (authority|commission\w*|agency)|supervisory authority|attorney general|\bftc\b|federal trade commission|ombudsman|\bjams\b|\bcnil\b|\baepd\b|\banpd\b|garante (per la|privacy)|aufsichtsbeh[oö]rde|datenschutzbeh[oö]rde|autoriteit persoonsgegevens|autorit[eé] de contr[oô]le|\bcnpd\b|\buodo\b|autoridad de control",
    "court": r"subpoena|court order|warrant|tribunal|lawsuit|litigation|legal (action|proceedings)|sue you|(county|high|district|superior) court|injunction|gericht\w*|klage\w*|juzgado|demanda judicial|tribunale|rechtbank|s[aą]d\w? (rejonow|okr[eę]gow)\w+|polic[ei]\w*|staatsanwaltschaft|gendarmerie",
    "press": r"journalist\w*|reporter|newspaper|press (enquiry|inquiry|query|office|request)|for publication|story (about|on)|deadline for comment|redaktion|presseanfrage|periodista|giornalista|dziennikar\w+",
    "breach": r"data breach|breached|leaked|\bhacked\b|compromised|stolen (data|password|account)|someone else.?s (data|account|recording|information)|unauthori[sz]ed access|exposed (online|publicly|my|our)|datenleck|datenpanne|fuite de donn[eé]es|violaci[oó]n de (la )?seguridad|data ?lek|vazamento|wyciek\w*|violazione dei dati",
    "safety": r"suicid\w*|kill (myself|me|him|her)|self.?harm|domestic (abuse|violence)|stalk(er|ing|ed)|restraining order|in danger|fear for (my|our|her|his)|threaten\w* (me|my|to (kill|hurt))|death threat|abusive (ex|partner|husband|wife)|\brape\w?\b|grooming|blackmail|sextortion|revenge porn|selbstmord|h[aä]usliche gewalt|lebensgefahr|violence conjugale|violencia de g[eé]nero|violenza domestica|przemoc\w* domow\w*",
    "staff": r"your (employee|colleague|staff member|staff|agent|support agent|sales ?(man|woman|person|rep\w*)|manager|engineer)\W+(\w+\W+){0,6}?(harass\w*|abus\w*|rude|leaked|looked|accessed|shared|misused|stalk\w*|insult\w*|read|listened|watched|contacted me privately|threaten\w*)|(former|ex).?(employee|colleague|staff)|i (used to|previously) work(ed)? (for|at) (you|cafex)|my former employer|when i worked (for|at) (you|cafex)|ehemalige[rn]? mitarbeiter\w*|ihr mitarbeiter|ancien\w* salari[eé]\w*|exempleado",
    "agent": r"on behalf of|authori[sz]ed agent|power of attorney|acting for|i represent|we represent|instructed by|my (late|elderly|disabled|mother.?s|father.?s|husband.?s|wife.?s)|im auftrag|bevollm[aä]chtigt\w*|vollmacht|en nombre de|au nom de|per conto di|namens|em nome de|w imieniu|mandataire",
}
_SIGNS = Signs({name: rf"(?<!\w)(?:{words})(?!\w)" for name, words in _FLAGS.items()})


def flags(words: Words) -> tuple[str, ...]:
    """The names of the red flags a text in lower case raises."""
    return _SIGNS.of(words)
