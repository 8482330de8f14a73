"""Ideas that requests are made of, by the stems that carry them in the desk's eight languages.

What the model learns of an idea in one language it knows in the others. A star stands for any
ending; without one it is the whole word. Letters stand without their marks, as people on phones
write them. A word that means something else in another of the languages ("son", "kind") is left
to the model's words.
"""
# ruff: noqa: E501  a table of words is not wrapped, and speaks eight languages

#: at most 127, see `features.py`
STEMS = {
    "delete": "delet* eras* remov* wipe* purg* shred* destroy* losch* loesch* geloscht geloescht entfern* vernicht* supprim* suppression* effac* borr* elimin* suprim* supresion* cancellar* cancellat* cancellaz* cancelliate rimuov* rimozion* verwijder* wissen gewist uitwis* apag* excluir exclua exclusao excluam excluid* usun* skasow* skasuj* kasow* wymaz* weg dispar* verschwind* bin binned rid scrap* dump throw gone weghalen haal apaguem quitar quiten quita usuwa* tilg* annul*",
    "copy": "copy copies kopi* copie copia copias fotokopi* odpis* transcript* extract auszug extrait export* download* ensemble vollstandig* vollstaendig*",
    "access": "access* auskunft* einsicht* acces accesso acceso accede* acesso aceder dostep* inzage toegang sar dsar",
    "give": "send* sent provid* give giving forward* supply schick* zusend* ubersend* uebersend* ubermitt* uebermitt* zukommen envoy* fournir fourniss* communiqu* transmett* transmis* envia* envien envie* manda* mande* facilit* proporcion* invia* invii* fornir* fornit* stuur* sturen verstrek* toestu* forne* wysla* wysl* przesla* przesl* dostarcz*",
    "tell": "tell* inform informed confirm* explain* mitteil* mitzuteilen bestatig* bestaetig* informier* sagen dites indiqu* informez digan decir diganme dica* dirmi ditemi comunic* vertel* bevestig* diga* informem powiedz* poinform* potwierdz*",
    "know": "know* find* erfahren savoir connaitre saber conocer sapere conoscere weten wiedziec dowiedziec",
    "hold": "hold holds held store* storing keep* kept possess* process* retain* collect* gather* speicher* gespeichert* verarbeit* erhob* erhebt haben conserv* stock* detien* detenez traite* guarda* almacen* tratan tratam* tienen tienes recog* detenete avete tratta* raccol* bewaar* bewar* verwerk* opgeslagen heeft armazen* guardam tratam possuem recolh* przechow* przetwarz* zbiera* posiada* guardad* gardee* gardez gespeich* saved save trace* have had ont avez hebt hebben macie mieliscie maja tengan posees hanno",
    "data": "data daten* datos dati dado dados dane danych donnees gegevens* persoonsgegevens* info informations information informatie* informazion* informaci* informac* informacj* record records files akte* unterlagen dossier*",
    "personal": "personal personally personenbezogen* personlich* persoenlich* personnel* personale* personali persoonlijk* persoonsgegevens pessoa* osobow* private* privat*",
    "account": "account* konto* konta kontem kontos benutzerkonto* compte* cuenta* conta contas rekening profil* profile* perfil* login* logins",
    "mine": "my mine myself meine* mein mich mir mon mes moi mi mis mio mia miei mie mijn mij meu minha meus minhas mim moj moje* moja moich mnie",
    "ours": "our ours unser* notre nos nuestr* nostr* ons onze nosso* nossa* nasz* naszych",
    "yours": "your yours ihre* euer eure* votre vos vostr* uw jullie vosso* vossa* panstwa wasz*",
    "child": "child* kid kids daughter* minor minors toddler* teen* pupil* kinder* kindes sohn* tochter* minderjahrig* minderjaehrig* enfant* fils fille* mineur* hijo* hija* menor menores nino* nina* figli* bambin* minore minori minorenn* zoon* dochter* kinderen minderjarig* filho* filha* crianca* dziec* syna synowi corka corki corke maloletni* nieletni* underage nephew* niece* grand* boy girl twins neunjahr* elfjahr* zwolfjahr* zehnjahr* syn pieciol* letnia nieletnia ragazz* figlia menina menino jongen meisje kindje gosse garcon*",
    "age": "year* aged jahre jahrig* jaehrig* anni jaar anos lata letni* grade* school* schul* ecole* escuela* scuola* escola* szkol* colegio* birthday negen dziesiec* jedenast* dwunast* ans nine ten eleven twelve once doce",
    "parent": "mother* father* parent* mum mom dad guardian* mutter* vater* eltern* erziehungsberechtigt* mere pere madre* padre* genitor* moeder* vader* ouder* mae pai matka matki ojciec ojcem rodzic* opiekun* tuteur* tutor*",
    "consent": "consent* permission* einwillig* zustimm* erlaubnis* autorisation* consentim* autoriza* consens* autorizza* toestemming* zgod* allow* permission permiso permesso zgody knowledge agreed conocimiento savions",
    "object": "withdraw* revok* revoc* object objects objecting objection* oppos* widerruf* widersprech* widerspruch* retire revoqu* opong* opon* ritir* intrek* bezwaar* retiro oponho wycof* sprzeciw* cofam cofn*",
    "restrict": "restrict* limit* einschrank* einschraenk* limita* beperk* ogranicz* freez* suspend* block*",
    "correct": "correct* correc* rectif* amend* fix fixed updat* chang* berichtig* korrigier* korrektur* andern anderung* aendern aenderung* aktualisier* corrig* modifi* corregir correg* modific* actualiz* cambi* rettific* correzion* aggiorn* corrigeer* wijzig* aanpass* retific* corrij* atualiz* alterar alterac* popraw* sprostow* zmien* zmian* aktualiz*",
    "wrong": "wrong* incorrect* inaccura* misspel* mistake* outdated false falsch* fehler* unrichtig* veraltet* faux fausse* erron* inexact* equivocad* sbagliat* errat* inesatt* fout fouten foutief* onjuist* verkeerd* errad* incorret* bledn* bled nieprawid* nieaktual* typo*",
    "name": "name names surname* nachname* namens vorname* nom prenom* nombre* apellid* nome cognome* naam achternaam* sobrenome* apelido* imie imienia nazwisk* married marri* verheirat* spelling spelt heisse heiss* appelle llamo chiamo heet chamo nazywam pronoun* apostroph* accent written geschrieb* ecrit escrit* scritt* geschreven napisan*",
    "address": "address* adress* anschrift* direccion* indirizz* adres adresu endereco* telefon* phone telephone* telefono* birth* geburt* naissance nacimiento nascita geboort* nascimento urodzen* moved umgezogen dorpsweg calle rua via strasse street road lane rue avenue umzug verhuisd mudei przeprowadz* trasloc* demenag* mudado mobile number nummer numero*",
    "leave_list": "unsubscrib* unsuscrib* abmeld* abbestell* austrag* desabonn* desinscri* desinscrip* desuscri* suscri* baja disiscri* cancellami afmeld* uitschr* descadastr* dessubscr* wypis* rezygn* opt optout remove",
    "stop": "stop* cease* quit aufhor* aufhoer* unterlass* arret* cess* dejen dejar smett* interromp* ophoud* parem parar przesta* zaprzesta* enough",
    "marketing": "marketing* newsletter* promo* advert* ads campaign* werbung* werb* reklam* publicit* prospection* publicid* pubblicit* reclame* aanbieding* propaganda* ofert* handlow* mailing* spam* bulletin* offers",
    "message": "call calls called calling email* mail mails emails courriel* correo* anruf* appel* llamad* chiamat* belt bellen gebeld ligac* dzwoni* text texts texting sms letter letters messages nachricht* message mensaj* messagg* bericht* mensagen* wiadomos*",
    "share": "sell* sold sale share* sharing verkauf* weitergeb* weitergegeben vendez vendre vendu* partag* vendan vender compart* cession condivi* verkop* verkoop* gedeeld delen partilh* compartilh* sprzeda* udostepni* przekaz* recipient* empfang* destinatair* destinatari* ontvanger* odbiorc* third dritte* tiers tercer* terzi derden terceir* trzeci* disclos* passed",
    "complain": "complain* grievance* beschwer* plainte* reclamation* reclamar queja* reclam* lament* klacht* klag* queixa* skarg* skarz* unacceptable* outrag* disappoint* disgust* appal* unzumutbar* inakzept* inaccept* inacept* inaccett* onaccept* inaceit* niedopuszcz* shame* disgrac* inadmissible indign* indigna* unding harass* violat* refus* appeal* angry shock* disput* akzeptab* scandal* skandal* schande* vergogn* verguenza vergonh* honte wstyd* unlawful* rechtswidrig* ungesetzl*",
    "answer": "reply* replied respon* answer* antwort* repons* repond* respuest* rispost* rispond* antwoord* respost* respond* odpowied* odpowiad* ignor* chase* reminder* erinner* heard",
    "regulator": "ico commissioner* regulator* authorit* ombuds* aufsicht* behorde* behoerde* cnil aepd garante autoriteit* anpd uodo autorit* autoridad* urzad* urzed* cnpd ftc jams dpc landesbeauftragt* datenschutzaufsicht* beauftragte",
    "court": "court* subpoena* warrant* police* policej* policj* polici* judge* tribunal* prosecut* gericht* staatsanwalt* polizei* polizia juge procureur* juzgado* fiscal* giudic* procura rechtbank* politie* justitie* juiz* prokurat* sadu komend* detective* constab* sheriff* bailiff* gendarm* trustee* insolv* judicial judiciaire vara civel cour amtsgericht* landgericht* brigade* commissariat* guardia carabinier* komisariat* subpoenaed duces summons affidavit officer requerimiento enforcement",
    "demand": "order ordered orders demand* compel* investigation* ermittl* verfugung* beschluss* enquete* requisition* investigac* indagin* onderzoek inquerit* postanowien* sledztw* dochodzen* preserv* serve served litigation evidence",
    "lawyer": "solicitor* lawyer* attorney* counsel* anwalt* rechtsanw* kanzlei* avocat* abogad* avvocat* advoca* advogad* adwokat* prawny client* mandant* mandan* barrister* legal",
    "law": "gdpr dsgvo rgpd avg rodo ccpa cpra lgpd article* artikel* articol* articul* artig* artykul* art section* law laws act regulation* statut* right rights recht rechte droit* derecho* diritt* direito* prawo prawa",
    "ask": "request* ask* please want* would wish* beantrag* antrag* bitte* mochte* moechte* verlang* forder* demande* souhait* veuillez voudr* solicit* pido quier* dese* ruego richied* chied* vorr* desider* verzoek* wil wens* graag peco quero gostar* pretend* prosz* wnosz* wniosk* chce chcia* zadam insist* pls kindly aimerais bitten veux voudrions gustaria quisiera gostava queria pedido pedi pretendo verzoek vorremmo voglio wunsche hatte hatten require need request",
    "how": "how hoe comment jak whether which what welche* quel* quali welke quais jakie who wer quien kto where when warum why does do can could pourquoi",
    "policy": "policy policies practice* complian* dpa agreement* contract* certif* iso soc questionnair* subprocess* processors cookie* vertrag* auftragsverarbeit* richtlinie* contrat* politique* contratt* cuestionar* questionar* overeenkomst* beleid* vragenlijst* umow* polityk* ankiet* procedure* verfahren* retention vendor* audit* hosting hosted scc avv powierzen* attestation soc2 iso27001 subprocessor* unterauftrag* sous traitan* encargado* responsabile verwerker* subcontrat* podmiot* przetwarzaj* template vorlage model modelo wzor* clause* klausel* onboarding assess*",
    "officer": "dpo officer* datenschutzbeauftragt* delegad* responsab* functionaris* inspektor* iod beauftragt*",
    "company": "company* business* customer* firm firma firmy supplier* unternehmen* kunde* entreprise* fournisseur* empresa* cliente* proveedor* aziend* fornitor* bedrijf* klant* leverancier* fornecedor* klient* dostawc* organisation* organization* corporate enterprise*",
    "study": "journalist* student* research* study thesis universit* newspaper* studie* etude* estudio* ricerc* badan* badani* redakt* professor* survey* article press",
    "money": "invoice* bill billing billed payment* refund* vat charge* rechnung* zahlung* factur* paiement* rembours* pago* reembols* fattur* pagament* rimbors* betal* fatura* faktur* platnos* zwrot* subscription* price* pricing quote* preis* prix precio* prezz* prijs* preco* cena ceny renewal* budget*",
    "support": "bug* crash* broken password* passwort* contrasen* wachtwoord* senha haslo hasla screen* audio* microphone* camera* connect* install* browser* beitret* anmelden funktionier* fonctionn* funciona* funziona* werkt dziala* support* ticket* settings*",
    "place": "space spaces room* seat seats licen* channel* meeting* workspace* guest guests team teams raum* salle* sala reunion* riunion* vergadering* reuniao* spotkan* besprechung* konferenz* conference*",
    "recording": "recording* recorded aufzeichn* aufnahme* enregistr* grabaci* grabad* registrazion* opname* gravac* nagran* transcri* transkript* video* voice stimme voix voz voce stem glos* chat chats",
    "job": "job jobs vacanc* cv resume* candidat* recruit* interview* bewerb* stelle stellenan* lebenslauf* emploi* empleo* puesto* lavoro sollicit* vacature* vaga emprego* pracy rekrut* aplik* hiring career* internship* entwickler* gesprach* bewerber* application applied apply position role vacature stage gehalt salary",
    "sales": "demo webinar* seo partner* opportunit* solution* boost* leads traffic* rank* growth* audience* expo stand sponsor* outsourc* backlink* meeting zoom calendly roi pipeline kennenlern* fissare collabor*",
    "thanks": "thank* thanks danke* merci gracias grazie bedankt dank obrigad* dziek* cheers ok okay great perfect parfait perfekt super fine regards",
    "worker": "left former* ehemalig* ancien* antigu* antig* vroeger* employ* arbeitgeber* emplead* dipendent* werknem* werkgever* empregad* pracown* pracodaw* colleague* kolleg* colleg* mitarbeiter* staff boss manager*",
    "all": "all every* everything alle alles allen samtlich* saemtlich* tout toute* tous todo todos toda todas tutti tutte tutto wszystk* wszelk* complete* entire* whole",
    "source": "source* origin* herkunft* woher provenance* origen* herkomst* origem* zrodl* skad obtain* got",
    "behalf": "behalf represent* authori* auftrag* vollmacht* mandat* rappresent* delega gemachtig* volmacht* procurac* pelnomocn* deceased widow* estate executor* nomine",
    "breach": "breach* leak* hack* datenleck* datenpanne* fuite* pirat* filtrac* violaz* gelekt datalek* vazament* vaz* wyciek* wlama* expos* stolen",
    "otherwise": "otherwise failing unless sonst andernfalls sinon contrario altrimenti anders przeciwnym escalat* legally",
    "soon": "days month months frist* delai* plazo* termine termijn* prazo* terminie tagen jours dias giorni dagen immediately sofort umgehend immediat* inmediat* subito onmiddellijk imediat* natychmiast* deadline*",
    "identity": "identity passport* ausweis* identit* pasaporte* passaport* identidad* identidade* identiteit* tozsamos* dowod dowodu driving",
    "automated": "automated* profiling algorithm* automatis* automatiz* zautomatyz* scor* decision*",
    "portable": "portab* csv json ubertrag* uebertrag* transfer* przenos* przenies* overdra* machine*",
    "robot": "automatic* autom* automatisch* automatiq* office abwesen* absence* vacation* urlaub* undeliver* unzustellbar* delivery mailer daemon noreply absent absente afwezig abwesend fuori ausente nieobecn* urlopie sabbatical leave back",
    "gone": "already bereits deja gia juz anymore nolonger longer still nochmals again wieder encore otra ancora opnieuw novamente ponown* twice",
    "close": "clos* shut shutting schliess* schlies* kundig* kuendig* fermer fermez fermeture clotur* cerrar cierre* cierren chiud* chius* sluit* opzeg* encerr* fechar fecho fechem zamkn* zamyk* terminat* deactiv* desactiv* disattiv* cancel cancelling",
    "receive": "receive* receiving get gets getting erhalten bekomm* recevoir recois recu recibir recibo ricev* ontvang* krijg* receber recebo otrzym* dosta*",
    "see": "see sehen einsehen voir consulter ver veder* visualiz* zien inzien zobacz* wglad* look view review",
    "about": "about concerning relating regarding uber ueber betreffend concern* sujet sobre riguard* tocante over dotycz* temat",
    "register": "signed sign signup register* registr* angemeldet angelegt inscri* cre cree registro abrio abriu criou iscrit* aangemeld* aangemaakt zalozy* zarejestr* rejestr* joined opened",
    "user": "user users nutzer* benutzer* inhaber* titulaire* titular* utilisat* usuario* utent* intestat* gebruiker* utilizador* uzytkown* abonent* subscriber* holder customer",
    "wait": "wait* waiting warte* wochen weeks attend* attente depuis esperando espero llevo semanas attesa aspett* wacht* maanden weken meses mois mesi miesi* monate* tydod* tygod* czekam espera esperar aguard* yet overdue",
    "nobody": "nobody nothing noone none niemand nichts personne rien nadie nada nessuno nulla niets ninguem nikt nic",
    "going_to": "go going wende* einschalt* saisir saisis voy denunci* rivolger* stap vou queix* zloze zloz* report* lodge file filing",
    "host": "server* host* located location stored transfers cloud backup* standort rechenzentr* heberg* alojad* ospitat* gehost* serwer* countries country usa region encrypt* security sicherheit* securit* segurid* sicurezz* beveilig* seguranc* bezpiecz*",
    "offer": "offer* discount* free anbiet* bieten proposons ofrec* offriamo aanbied* oferec* oferuj* deal deals limited exclusive",
    "attached": "attach* enclosed anbei anhang anlage joint jointe adjunt* allegat* bijlage* anexo* zalacz* zalaczniku scan",
    "procedure": "proceeding* oficio expediente decreto ordinanza beschikking processo inquiry case aktenzeichen az sygn reference ref procedimiento procedura instruction dossier",
    "sender": "fwd colleague weitergeleitet",
    "wish_not": "mehr plus mas piu meer mais wiecej dosc basta chega genug assez",
}

#: "if you do not delete it" asks for it all the more: a negation behind one of these denies nothing
CONDITIONS = {
    "if": "if why unless should wenn falls warum si pourquoi sinon por se perche als indien waarom caso jesli jezeli dlaczego gdy",
}

NEGATIONS = {
    "not": "not never no dont doesnt t cannot without nicht kein keine keinen keiner niemals ne pas jamais nunca non mai niet geen nooit nao nem nie bez ohne sans sin senza zonder sem nor neither"
}
