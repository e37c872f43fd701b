"""The words that letters and the pages around them use, in seven languages, and the questions asked of them.

Tables are written as people write; they are compared through `fold`, without case, accents or punctuation.
"""

import re
from enum import Enum
from functools import lru_cache

from letters.parsing.territories import fold


class Furniture(Enum):
    """What belongs to the page and not to the letter: passing furniture is skipped, final furniture ends a list."""

    PASSING = "passing"
    FINAL = "final"


_PASSING = """
    top of page, back to top, to top, scroll to top, skip to content, skip to main content, skip to navigation,
    skip to main navigation, print, print this page, download, download pdf, download the pdf, download as pdf,
    download the letter, download letter, download the full letter, read more, see more, show more, load more,
    view more, view all, show all, see all, expand, collapse, expand all, continue reading, click here,
    click to expand, show less, read less, learn more, add your organisation, add your organization, add your name,
    add your signature, sign the letter, sign this letter, sign now, sign on, sign here, sign the statement,
    endorse this letter, endorse this statement, endorse now, join us, advertisement, loading, loading..., listen,
    listen to this article, translate, select language, menu, open menu, close menu, close, toggle navigation,
    main menu, navigation, search, home, page, log in, login, sign in, use tab to navigate through the menu items,
    image, photo, pdf, html, english, version francaise, continued, continued on next page,
    signatures continued, list continued, cont, scroll down, home page, our work, what we do, who we are, blog,
    our team, our story, get involved, news, events, resources, publications, press, press room, media,
    haut de page, retour en haut, aller au contenu, aller au contenu principal, imprimer, telecharger,
    telecharger le pdf, telecharger la lettre, lire la suite, lire plus, voir plus, afficher plus, voir tout,
    en savoir plus, ajouter votre organisation, ajoutez votre organisation, ajoutez votre nom, signer la lettre,
    signez la lettre, je signe, signez maintenant, publicite, menu principal, rechercher, recherche, accueil,
    fermer, suite, francais,
    volver arriba, ir al contenido, saltar al contenido, saltar al contenido principal, ir al contenido principal,
    inicio de pagina, imprimir, descargar, descargar pdf, descargar la carta, descargar en pdf, leer mas, ver mas,
    mostrar mas, cargar mas, ver todo, ver todas, sume su organizacion, agregue su organizacion, anade tu firma,
    suma tu organizacion, sumate, firma la carta, firme la carta, firma aqui, firmar ahora, publicidad, buscar,
    inicio, cerrar, menu principal, espanol,
    voltar ao topo, ir para o conteudo, pular para o conteudo, saltar para o conteudo, baixar, baixar pdf,
    descarregar, descarregar pdf, baixe a carta, ler mais, leia mais, saiba mais, ver mais, mostrar mais,
    carregar mais, ver tudo, adicione sua organizacao, assine a carta, assine aqui, assinar agora, publicidade,
    pesquisar, buscar, fechar, portugues,
    nach oben, zum seitenanfang, zum inhalt, zum inhalt springen, zum hauptinhalt, seitenanfang, drucken,
    herunterladen, pdf herunterladen, brief herunterladen, weiterlesen, mehr lesen, mehr erfahren, mehr anzeigen,
    alle anzeigen, organisation hinzufugen, ihre organisation hinzufugen, jetzt unterzeichnen, mitzeichnen,
    brief unterzeichnen, anzeige, suche, suchen, startseite, schliessen, hauptmenu, deutsch,
    rudi juu, nenda kwenye maudhui, ruka hadi maudhui, chapisha, pakua, pakua pdf, pakua barua, soma zaidi,
    ona zaidi, onyesha zaidi, ongeza shirika lako, ongeza jina lako, saini barua, tia saini, tafuta, nyumbani,
    mwanzo, funga, menyu, kiswahili,
    أعلى الصفحة, العودة إلى الأعلى, انتقل إلى المحتوى, تخطي إلى المحتوى, طباعة, تحميل, تنزيل, تحميل pdf,
    حمل الرسالة, تحميل الرسالة, اقرأ المزيد, المزيد, عرض المزيد, عرض الكل, أضف منظمتك, أضف اسمك, وقع الرسالة,
    وقع الآن, وقعوا الآن, إعلان, القائمة, القائمة الرئيسية, بحث, البحث, الرئيسية, الصفحة الرئيسية, إغلاق, العربية
"""

_FINAL = """
    bottom of page, next, previous, prev, next post, previous post, next article, previous article, older, newer,
    older posts, newer posts, next page, previous page, post navigation, share, share this, share this post,
    share on, share this page, share this article, share this story, share via, tweet, like this, tweet this,
    follow, follow us, follow us on, follow us on social media, connect with us, stay connected, find us on, related,
    related posts, related articles, related news, related content, related stories, you may also like,
    you might also like, more from us, more news, more stories, more like this, latest news, latest posts,
    latest articles, latest, recent posts, recent news, recent articles, recent comments, popular posts, read next,
    what to read next, see also, keep reading, contact, contacts, contact us, contact information, media contact,
    media contacts, press contact, press contacts, media enquiries, media inquiries, press enquiries,
    for more information, for further information, notes to editors, note to editors, notes for editors,
    notes to the editor, editors notes, editors note, notes to editor, note to editor, notes, footnotes,
    endnotes, references, sources, annex, further reading, boilerplate, about us, about the coalition,
    about the campaign, about the author, about the authors, author, subscribe, subscribe now, newsletter,
    sign up, sign up for updates, sign up for our newsletter, sign up to our newsletter, join our newsletter,
    subscribe to our newsletter, join our mailing list, stay informed, stay updated, stay up to date,
    stay in touch, get updates, leave a comment, leave a reply, comments, post a comment, add a comment,
    no comments, no comments yet, tags, tag, category, categories, filed under, posted in, topics, archives,
    cookies, cookie policy, cookie settings, cookie notice, cookie preferences, privacy, privacy policy,
    privacy notice, terms of use, terms of service, terms and conditions, accept, accept all, accept cookies,
    accept all cookies, reject all, decline, manage cookies, manage consent, all rights reserved, copyright,
    legal notice, imprint, site map, sitemap, donate, donate now, donate today, make a donation, support us,
    support our work, give now, volunteer, careers, jobs, faq, faqs, quick links, useful links, our partners,
    our funders, facebook, twitter, x, x twitter, linkedin, instagram, youtube, whatsapp, telegram, email, e mail,
    pinterest, reddit, tiktok, mastodon, bluesky, threads, flickr, vimeo, rss, copy link, link copied, messenger,
    background, contexte, antecedentes, contexto, usuli, خلفية, معلومات أساسية,
    submit, first name, last name, full name, email address, required fields, your name, your email, send,
    post comment,
    votre nom, votre courriel, envoyer, enviar, tu nombre, su nombre, seu nome, absenden, senden, ihr name,
    tuma, jina lako,
    إرسال, اسمك, بريدك الإلكتروني, annex, annexes, annexe, anexo, anhang, kiambatisho, ملحق,
    facebook instagram, facebook twitter linkedin, facebook twitter, opens in a new window, end, ends, the end, 30,
    suivant, precedent, article suivant, article precedent, page suivante, page precedente, navigation de l article,
    partager, partagez, partager cet article, partager sur, partagez cet article, suivez nous, suivez nous sur,
    nous suivre, articles lies, articles similaires, articles recents, a lire aussi, a lire egalement, voir aussi,
    dans la meme rubrique, sur le meme sujet, actualites, dernieres actualites, contact presse, contacts presse,
    contact medias, contacts medias, nous contacter, contactez nous, note aux redactions, notes aux redactions,
    note aux redacteurs, notes aux redacteurs, a l attention des redactions, notes de bas de page, a propos,
    a propos de nous, qui sommes nous, abonnez vous, s abonner, s inscrire, inscrivez vous, lettre d information,
    inscrivez vous a notre newsletter, abonnez vous a notre newsletter, infolettre, laisser un commentaire,
    commentaires, mots cles, etiquettes, politique de cookies, politique de confidentialite, confidentialite,
    mentions legales, tout accepter, accepter, refuser, tous droits reserves, plan du site, faire un don,
    faites un don, soutenez nous, fin, pour plus d informations, pour toute information, bas de page,
    siguiente, anterior, entrada siguiente, entrada anterior, articulo siguiente, articulo anterior,
    pagina siguiente, pagina anterior, navegacion de entradas, compartir, comparte, compartir en, comparte esto,
    compartir este articulo, siguenos, siganos, siguenos en, siganos en, redes sociales, articulos relacionados,
    entradas relacionadas, noticias relacionadas, relacionado, relacionados, tambien te puede interesar,
    te puede interesar, entradas recientes, ultimas noticias, noticias, mas noticias, contacto, contactos,
    contacto de prensa, contacto para medios, contacto prensa, contactenos, contactanos, nota a los editores,
    notas para editores, notas a los editores, nota para editores, notas al pie, referencias, fuentes, acerca de,
    quienes somos, sobre nosotros, sobre nosotras, suscribete, suscribase, suscribirse, boletin,
    suscribete a nuestro boletin, boletin informativo, dejar un comentario, deja un comentario, deja una respuesta,
    comentarios, etiquetas, categorias, politica de cookies, politica de privacidad, aviso legal, privacidad,
    aceptar, aceptar todo, aceptar todas, aceptar cookies, rechazar, todos los derechos reservados,
    mapa del sitio, donar, dona, dona ahora, haz una donacion, apoyanos, para mas informacion, final de pagina,
    pie de pagina, proximo, proxima, post anterior, proximo post, artigo anterior, proximo artigo,
    pagina seguinte, seguinte, compartilhar, compartilhe, partilhar, partilhe, compartilhar no, siga nos,
    siga nos no, redes sociais, artigos relacionados, noticias relacionadas, posts relacionados, leia tambem,
    veja tambem, posts recentes, contato, contatos, contacto de imprensa, contato de imprensa,
    contato para imprensa, contatos para imprensa, fale conosco, nota aos editores, notas aos editores,
    notas de rodape, sobre nos, quem somos, inscreva se, assine nossa newsletter, assine a newsletter,
    deixe um comentario, comentarios, etiquetas, marcadores, politica de privacidade, politica de cookies,
    aceitar, aceitar todos, todos os direitos reservados, mapa do site, doar, doe agora, faca uma doacao, fim,
    para mais informacoes, fim da pagina,
    weiter, zuruck, nachster beitrag, vorheriger beitrag, nachster artikel, vorheriger artikel, nachste seite,
    beitragsnavigation, teilen, teile dies, teilen auf, beitrag teilen, artikel teilen, diesen beitrag teilen,
    folgen sie uns, folge uns, folgt uns, verwandte beitrage, ahnliche beitrage, verwandte artikel,
    ahnliche artikel, weitere artikel, weitere beitrage, weitere meldungen, das konnte sie auch interessieren,
    das konnte dich auch interessieren, neueste beitrage, aktuelles, neuigkeiten, kontakt, pressekontakt,
    pressekontakte, ansprechpartner, anmerkungen fur die redaktion, hinweise fur redaktionen,
    hinweis fur redaktionen, hinweise an die redaktion, anmerkungen, fussnoten, quellen, hintergrund, uber uns,
    newsletter abonnieren, newsletter anmeldung, abonnieren, anmelden, kommentar hinterlassen, kommentare,
    schreibe einen kommentar, schlagworter, kategorien, datenschutz, datenschutzerklarung, impressum,
    cookie einstellungen, cookie richtlinie, alle akzeptieren, akzeptieren, ablehnen, alle rechte vorbehalten,
    spenden, jetzt spenden, unterstutzen sie uns, ende, seitenende, fur weitere informationen, weitere informationen,
    inayofuata, iliyotangulia, ifuatayo, iliyopita, makala inayofuata, shiriki, shirikisha, sambaza, tufuate,
    tufuatilie, habari zinazohusiana, makala zinazohusiana, habari zaidi, habari mpya, habari, mawasiliano,
    wasiliana nasi, wasiliana, maelezo kwa wahariri, kuhusu sisi, jiunge, jisajili, jarida, toa maoni, acha maoni,
    maoni, sera ya faragha, faragha, kubali, kubali yote, haki zote zimehifadhiwa, changia, changia sasa, mwisho,
    kwa maelezo zaidi, mwisho wa ukurasa,
    التالي, السابق, المقال التالي, المقال السابق, الصفحة التالية, الصفحة السابقة, شارك, شاركها, مشاركة, شارك هذا,
    شارك المقال, شارك هذا المقال, شارك على, تابعنا, تابعونا, تابعنا على, تابعونا على, مقالات ذات صلة, ذات صلة,
    مواضيع ذات صلة, أخبار ذات صلة, اقرأ أيضا, اقرأ أيضاً, قد يعجبك أيضا, قد يهمك أيضا, آخر الأخبار, أحدث الأخبار,
    أخبار, اتصل بنا, تواصل معنا, للتواصل, للاتصال, جهة الاتصال, ملاحظات للمحررين, ملاحظة للمحررين, هوامش, المراجع,
    المصادر, ملاحظات, من نحن, عن المنظمة, اشترك, اشترك الآن, النشرة البريدية, اشترك في نشرتنا, اترك تعليقا,
    اترك تعليقاً, التعليقات, تعليقات, الوسوم, التصنيفات, سياسة الخصوصية, الخصوصية, قبول, قبول الكل, موافق, رفض,
    جميع الحقوق محفوظة, تبرع, تبرع الآن, ادعمنا, فيسبوك, تويتر, إنستغرام, انستغرام, يوتيوب, لينكد إن, واتساب, انتهى,
    نهاية الصفحة, أسفل الصفحة, لمزيد من المعلومات, للمزيد من المعلومات
"""

# Furniture that comes with more words after it.
_FINAL_OPENINGS = re.compile(
    r"""^(?:
    (?:(?:media|press)\s)?(?:contacts?|enquiries|inquiries)(?:\s\w+){0,3}\s*:
    | (?:media|press)\s(?:contacts?|enquiries|inquiries)\b
    | for\s(?:more|further|media|press|additional|all|any|interviews?)\s.{0,30}(?:information|enquir|inquir|contact|visit|details)
    | notes?\s(?:to|for)\s(?:the\s)?editors?\b | editor.?s?.?\snotes?\b
    | about\s(?:us|the\s(?:coalition|campaign|organi[sz]ations?|signatories|network|authors?))\b
    | ©|\(c\)\s|copyright\b|all\srights\sreserved | tagged\b|tags?\s*: | (?:filed|posted)\s(?:in|under|by)\b
    | (?:click|tap)\shere\b | published\s(?:in|under|by)\b | share\s(?:this|on|via|with)\b | more\s(?:from|news|stories|posts|on\sthis)\b | loading\b | annex(?:es)?\b
    | (?:partilh|compartilh|compart)\w+\s(?:isto|este|esta|esto|en|no)\b | partager\s(?:ceci|cette)\b | c\.?c\.?\s?:
    | your\s(?:name|e-?mail|first|last|comment|message)\b | indicates\srequired | follow\sus\b | find\sus\son\b | (?:written|posted)\sby\b
    | (?:this|our)\s(?:web)?site\suses\b | we\suse\scookies\b | by\scontinuing\sto\b
    | sign\sup\s(?:for|to)\b | subscribe\s(?:to|for)\b | join\sour\b | get\s(?:the\s)?latest\b | enter\syour\b
    | this\s(?:entry|post|article)\swas\b | powered\sby\b | proudly\spowered\b | leave\sa\s(?:comment|reply)\b
    | (?:previous|next|older|newer)\s?(?:post|article|story|entry|page)?\s?[:→←»«›‹>]
    | (?:[←→»›]|[«‹](?![^»›]*[»›]))\s? | related\s(?:posts?|articles?|news|stories|content|resources)\b | you\s(?:may|might)\salso\b
    | e-?mails?\s*: | tel(?:ephone)?\.?\s*: | phone\s*: | fax\s*: | website\s*: | web\s*: | twitter\s*: | facebook\s*:
    | (?:if\syou|to)\s(?:would\s|wish\s|want\s)?.{0,20}(?:add\syour|sign\son|endorse|join\s(?:this|the|us))\b
    | (?:organi[sz]ations?|groups?)\s(?:that|who|which|wishing|can|may)\s.{0,30}(?:sign|join|endorse)\b
    | (?:\[\d{1,2}\]|\^)\s | https?:// | www\.
    | contacts?\s(?:presse|m[ée]dias?)\b | pour\s(?:plus|toute|en\ssavoir|davantage)\b
    | (?:notes?|note)\saux\sr[ée]dac | suivez-nous\b | partage[rz]\s(?:cet|sur|l)\w* | abonnez-vous\b
    | inscrivez-vous\b | nous\sutilisons\sdes\scookies | ce\ssite\sutilise | articles?\s(?:li[ée]s|similaires)\b
    | publi[ée]\s(?:dans|par)\b | [àa]\spropos\s(?:de|du|des)\b | t[ée]l\.?\s*: | courriel\s*:
    | contactos?\s(?:de|para)\b | contatos?\s(?:de|para)\b | para\sm[áa]s\sinformaci[óo]n | para\smais\sinforma
    | notas?\s(?:a|para|aos)\s(?:l[oa]s\s)?editor | s[íi]gu?[ea](?:nos|n?-nos)\b | compart(?:e|ir|ilhe|ilhar)\s
    | suscr[íi]b\w+\s | inscreva-se\b | este\ssitio\s(?:web\s)?(?:utiliza|usa) | utilizamos\scookies | usamos\scookies
    | este\ssite\s(?:utiliza|usa) | tel[ée]fono\s*: | telefone\s*: | correo(?:\selectr[óo]nico)?\s*:
    | publicado\s(?:en|por|em)\b | acerca\sdel?\b | todos\s(?:los|os)\s(?:derechos|direitos)\b
    | pressekontakt\b | kontakt\s*: | f[üu]r\sweitere\sinformationen | (?:anmerkung|hinweis)\w*\s(?:f[üu]r|an)\s(?:die\s)?redakt
    | folge(?:n|t)?\s(?:sie\s)?uns\b | teilen\s(?:auf|via|mit)\b | diese\s(?:web)?seite\sverwendet | wir\sverwenden\scookies
    | [üu]ber\suns\b | [äa]hnliche\s | verwandte\s(?:artikel|beitr) | alle\srechte\b | ver[öo]ffentlicht\s(?:in|von)\b
    | kwa\s(?:maelezo|habari|taarifa)\szaidi | wasiliana\sna | mawasiliano\s*: | tufuat\w+\s | haki\szote\b
    | maelezo\skwa\swahariri | simu\s*: | barua\spepe\s*: | tovuti\shii\sinatumia
    | للمزيد\sمن | لمزيد\sمن | للتواصل\b | للاتصال\b | ملاحظ(?:ة|ات)\s(?:ل|إلى)\w* | تابعونا\b | تابعنا\b
    | جميع\sالحقوق | هاتف\s*: | البريد\sالإلكتروني\s*: | يستخدم\sهذا\sالموقع | نستخدم\sملفات | اشترك\sفي | شارك\s(?:هذا|على)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)

_PASSING_SHAPES = re.compile(
    r"""^(?:
    (?:page|p[áa]gina|seite|ukurasa|صفحة|الصفحة)\s\d{1,4}(?:\s?(?:of|/|de|sur|von|kati\sya|ya|من)\s?\d{1,4})?
    | \d{1,3}\s?/\s?\d{1,3} | [-–—]\s?\d{1,3}\s?[-–—] | \d{1,3}\s(?:of|de|von|sur)\s\d{1,3}
    | [-–—_=*~•·.\s]{3,} | [|¦]{1,3}
    | \S.{0,80}\.(?:jpe?g|png|gif|webp|svg|heic|tiff?|bmp)(?:\s\(\d+\))?
    | (?:image|photo|picture|figure|foto|imagen|imagem|bild|picha|صورة)\s*(?:credit|cr[ée]dit)?\s*\d*\s*:.{0,100}
    | \d{1,3}\s?(?:min(?:ute)?s?\s(?:read|de\slecture|de\slectura|de\sleitura|lesezeit)|comments?|shares?|views?|likes?)
    | (?:download|read|view|t[ée]l[ée]charger|descargar|baixar|pakua|تحميل|تنزيل)\s.{0,40}(?:pdf|\.docx?).{0,10}
    | (?:add|ajoutez|agregue|sume|a[ñn]ada|adicione|ongeza|أضف)\s(?:your|votre|su|tu|sua|jina|اسم|منظمت)\w*.{0,40}
    | (?:last\s)?updated\s(?:on|at)\s.{4,40} | (?:printed|accessed)\s(?:on|from)\s.{4,60}
    )$""",
    re.IGNORECASE | re.VERBOSE,
)


def furniture(text: str) -> Furniture | None:
    """Return what kind of page furniture a line is, or None for a line that may be part of the letter."""
    text = text.strip()
    if not text:
        return None
    if _PASSING_SHAPES.match(text[:200]):
        return Furniture.PASSING
    words = fold(text) if len(text) <= 80 else ""
    if words in _final() or _FINAL_OPENINGS.match(text[:200]):
        return Furniture.FINAL
    return Furniture.PASSING if words and words in _passing() else None


def is_furniture(text: str) -> bool:
    """Tell whether a text is something that web pages say around their content."""
    return furniture(text) is not None


@lru_cache(maxsize=1)
def _passing() -> frozenset[str]:
    return _phrases(_PASSING)


@lru_cache(maxsize=1)
def _final() -> frozenset[str]:
    return _phrases(_FINAL)


def _phrases(table: str) -> frozenset[str]:
    return frozenset(fold(phrase) for phrase in re.split(r"[,،\n]", table) if phrase.strip())


# --- the closing and the headings of lists ----------------------------------------------------------------

_VALEDICTIONS = """
    in solidarity, with solidarity, yours in solidarity, in unity, in peace, in hope, with hope, in community,
    sincerely, yours sincerely, sincerely yours, yours faithfully, yours truly, respectfully, yours respectfully,
    respectfully yours, respectfully submitted, with respect, with appreciation, with gratitude, with best regards,
    best regards, kind regards, warm regards, regards, signed, cordially, in partnership, in struggle,
    en solidarite, solidairement, avec solidarite, en toute solidarite, cordialement, bien cordialement, sincerement,
    respectueusement, fraternellement, avec nos salutations solidaires, salutations solidaires,
    avec nos salutations respectueuses, nous vous prions d agreer, veuillez agreer, je vous prie d agreer,
    avec respect, avec espoir, veuillez recevoir, dans la solidarite,
    en solidaridad, con solidaridad, solidariamente, atentamente, muy atentamente, cordialmente, respetuosamente,
    con respeto, sinceramente, saludos solidarios, un saludo solidario, saludos cordiales, fraternalmente,
    con esperanza, sin otro particular, reciba un cordial saludo,
    em solidariedade, com solidariedade, solidariamente, atenciosamente, respeitosamente, cordialmente,
    com os melhores cumprimentos, com os nossos melhores cumprimentos, saudacoes solidarias, com respeito,
    saudacoes cordiais, fraternalmente, com esperanca, na solidariedade,
    mit solidarischen grussen, solidarische grusse, mit freundlichen grussen, freundliche grusse, mit besten grussen,
    hochachtungsvoll, in solidaritat, solidarisch, mit solidarischem gruss, mit freundlichem gruss, mit respekt,
    mit vorzuglicher hochachtung, in verbundenheit,
    kwa mshikamano, katika mshikamano, wenu katika mshikamano, wako mwaminifu, wenu waaminifu, kwa heshima,
    wako wa dhati, wenu wa dhati, kwa heshima kubwa, wako katika mshikamano, kwa umoja, kwa matumaini, wako mtiifu,
    مع التضامن, بتضامن, في تضامن, تضامنا, متضامنين, متضامنون, متضامنات, مع خالص التضامن, مع تضامننا, مع خالص الاحترام,
    مع فائق الاحترام, مع فائق التقدير, مع الاحترام, مع التحية, مع أطيب التحيات, مع تحياتنا, وتفضلوا بقبول,
    تفضلوا بقبول,
    وتقبلوا, مع الشكر والتقدير, بكل احترام, باحترام, بكل تضامن
"""

# What says, in any grammar, that names follow. Matched in folded text.
_SIGNING = re.compile(
    r"""\b(?:
    signator(?:y|ies) | signers? | signees? | signed | undersigned | co\s?sign\w* | signing | endorse[dr]s?\s?(?:by)?
    | endorsements? | endorsing | supported\sby | support\s(?:this|the) | supporters | signatures?
    | signataires? | cosignataires? | soussigne\w* | signee?s?\spar | ont\ssigne | signent | appuye\w*\spar | soutenue?\spar
    | firmantes | firmante | firman | firmad[oa]s?\spor | firmas | suscriben | suscrit[oa]s?\spor | suscriptor[ae]s
    | signatari[oa]s? | adhieren | adhesiones | adherentes | abajofirmantes | respaldad[oa]\spor | han\sfirmado
    | assinam | assinad[oa]s?\spor | assinaturas | subscrev\w+ | subscrit[oa]s?\spor | subscritor[ae]s | assinantes
    | signatarias | apoiad[oa]\spor
    | \w*unterzeich\w+ | unterschrieben | unterschriften | mitzeichn\w+ | unterstutz(?:t\svon|en) | soutiennent | apoyan | apoiam | wanaunga\smkono | gezeichnet | gez
    | saini | waliosaini | yaliyosaini | zilizosaini | imesainiwa | yamesainiwa | waliotia | sahihi | wasaini
    | (?:ال)?موقع(?:ون|ين|ات|ه|و) | (?:ال)?توقيع(?:ات)? | (?:ال)?تواقيع | الموقع
    | وقعت?\s(?:علي|من|عليه|عليها|هذه) | وقع\sعل\w+ | موقعه\sمن | بتوقيع | تاييد\sمن | ايد
    )\b""",
    re.VERBOSE,
)

# Words that a heading of names may have besides; more than a few others make it a sentence or a name.
_HEADING_WORDS = frozenset(
    """
    the of by and on in as to a an for from with this that these below above following are is is's we
    our have has been list full complete alphabetical order initial additional further new more first
    other all current organisation organisations organization organizations org orgs ngo ngos cso csos
    group groups association associations refugee refugees led refugee-led rlo rlos community
    communities civil society local national regional international global individual individuals person
    persons people personal capacity academics experts scholars members member network networks
    coalition coalitions allies ally supporters supporter partners partner friends institutions
    institution movement movements letter statement open joint call appeal declaration petition position
    paper date updated update countries country total number so far names name organisational
    organizational institutional affiliation affiliations purposes only identification signatories
    signatory signed undersigned january february march april may june july august september october
    november december women youth student students diaspora displaced persons faith based human rights
    humanitarian grassroots foundations les des de du la le l et par liste en pour sont ont cette ce ci
    dessous organisations organisation associations collectifs collectif reseaux reseau premieres
    premiers premiere premier autres nouvelles nouveaux suivantes suivants refugies refugiees dirigees
    societe civile lettre ouverte declaration appel commun commune individus individuelles personnes
    allies alliees internationales nationales locales ong a titre individuel personnel soutien avec mise
    jour au nous communiquee los las el y por que lista del al esta este carta abierta comunicado
    declaracion organizaciones organizacion colectivos colectivas redes primeras primeros otras otros
    siguientes refugiadas refugiados lideradas civil sociedad personas individuales individuos aliadas
    aliados internacionales nacionales locales se suman adhesion titulo personal nosotras nosotros abajo
    pronunciamiento abaixo os as o e por que lista da do das dos organizacoes organizacao coletivos
    coletivas movimentos primeiras outras seguintes refugiadas refugiados lideradas sociedade civil
    pessoas individuos aliadas aliados internacionais nacionais locais carta aberta manifesto nota nos
    esta este conjunta die der das den und von liste folgende folgenden organisationen vereine gruppen
    netzwerke verbande einzelpersonen personen erst weitere weiteren zusatzliche dieser diesen brief
    offener offenen erklarung sind haben stellungnahme aufruf verbundete unterstutzer unterstutzerinnen
    unterstutzende innen wir bundnis partner initiativen selbstorganisationen ya wa za la na kwa orodha
    mashirika shirika vikundi kikundi watu binafsi wakimbizi yanayoongozwa barua hii wazi tamko
    yafuatayo wafuatao washirika mitandao mengine wengine awali jina majina kamili taasisi jamii tia
    katika sisi ambao tulio chini tulioweka yaliyo tumetia walio yaliyotia zilizotia من علي هذه هذا
    الرساله رساله المفتوحه البيان بيان قايمه اسماء المنظمات منظمات الجهات الجمعيات جمعيات المجموعات
    والجمعيات والمنظمات والافراد الافراد افراد الشبكات الحلفاء الاوليه الاضافيه الاولي التاليه التاليون
    ادناه الاشخاص الكامله كامله نحن الموقعون الموقعات الموقعين الموقعه التي يقودها اللاجيون بقياده
    اللاجيين المدني المجتمع الدوليه المحليه الوطنيه و عليها عليه
""".split()
)

# Headings of parts of a list, which need not say "signed".
_GROUPS = """
    organisations, organizations, organisation, organization, individuals, individual signatories, allies,
    allied organisations, allied organizations, ally organisations, ally organizations, supporting organisations,
    supporting organizations, supporters, refugee led organisations, refugee led organizations, rlos, ngos, csos,
    ngos and csos, international organisations, international organizations, national organisations,
    local organisations,
    international ngos, national ngos, local ngos, national organizations, local organizations,
    regional organisations,
    regional organizations, networks, coalitions, networks and coalitions, coalitions and networks, civil society,
    civil society organisations, civil society organizations, community organisations, community organizations,
    faith based organisations, faith based organizations, academics, academics and experts, experts, scholars,
    individuals in their personal capacity, in their personal capacity, people, persons, partners,
    partner organisations,
    partner organizations, refugee leaders, individuals and experts, organisational, organizational, institutions,
    groups, members, friends, youth organisations, women led organisations, women led organizations,
    displaced led organisations, initial, additional, organizations and networks, organisations and networks,
    associations, collectifs, reseaux, individus, personnes, personnalites, organisations alliees, allies et alliees,
    organisations dirigees par des refugies, organisations de refugies, a titre individuel, ong, societe civile,
    organisations internationales, organisations nationales, organisations locales, particuliers,
    organisations dirigees par les refugies, organisations partenaires, organisations de soutien,
    experts et universitaires,
    organizaciones, personas, individuos, individuales, aliadas, aliados, organizaciones aliadas, redes, colectivos,
    organizaciones lideradas por personas refugiadas, organizaciones de refugiados, organizaciones internacionales,
    organizaciones nacionales, organizaciones locales, a titulo personal, a titulo individual, personas individuales,
    sociedad civil, academicos, academicas, organizaciones de personas refugiadas,
    organizaciones lideradas por refugiados,
    organizacoes, pessoas, coletivos, organizacoes aliadas, organizacoes lideradas por pessoas refugiadas,
    organizacoes lideradas por refugiados, organizacoes internacionais, organizacoes nacionais, sociedade civil,
    pessoas fisicas, personas a titulo individual, personas a titulo personal, signataires individuels, a titre personnel,
    individual endorsements, organizational endorsements, organisational endorsements, organizacoes de pessoas refugiadas, movimentos, organizacoes locais,
    organisationen, einzelpersonen, personen, verbundete, verbundete organisationen, netzwerke, vereine, bundnisse,
    gefluchtetenselbstorganisationen, selbstorganisationen, migrantenselbstorganisationen, verbande, initiativen,
    internationale organisationen, nationale organisationen, lokale organisationen, unterstutzende,
    unterstutzende organisationen,
    von gefluchteten gefuhrte organisationen, gefluchteten gefuhrte organisationen, initiativen und vereine,
    partnerorganisationen,
    mashirika, watu binafsi, washirika, mitandao, vikundi, mashirika ya wakimbizi,
    mashirika yanayoongozwa na wakimbizi,
    mashirika ya kimataifa, mashirika ya kitaifa, asasi za kiraia, mashirika washirika, mashirika rafiki,
    المنظمات, منظمات, الأفراد, أفراد, الحلفاء, الشبكات, الجمعيات, المنظمات الحليفة, المنظمات بقيادة اللاجئين, الشركاء,
    المنظمات التي يقودها اللاجئون, منظمات يقودها لاجئون, المنظمات الدولية, المنظمات المحلية,
    المنظمات الوطنية, المنظمات الداعمة,
    منظمات المجتمع المدني, الشخصيات, المنظمات الشريكة
"""

_PEOPLE = re.compile(
    r"\b(?:individual\w*|people|persons|personal|academics?|experts?|scholars|leaders|individus|personnes"
    r"|personnalites"
    r"|particuliers|individuel\w*|universitaires|personas|individuos|individuales|academic[oa]s|pessoas"
    r"|einzelpersonen|personen"
    r"|watu|الافراد|افراد|الاشخاص|الشخصيات)\b"
)
_NOT_PEOPLE = re.compile(
    r"\b(?:organi[sz]a\w*|organisation\w*|associations?|mashirika|المنظمات|ngos?|ong|networks?|led"
    r"|lideradas|dirigees)\b"
)
_COUNT = re.compile(r"[(\[]\s*(?:n\s?=\s?)?\d{1,5}\s*[)\]]|:\s*\d{1,5}$|(?<=\s)[-–—]\s*\d{1,5}$")
_MOST_HEADING_WORDS = 16


def without_count(text: str) -> str:
    """Return a heading without the number of names it announces."""
    return _COUNT.sub("", text).strip()


def is_valediction(text: str) -> bool:
    """Tell whether a line is what a letter says before its signatures ("In solidarity,")."""
    words = fold(text)
    if not words or len(text) > 160:
        return False
    if words in _valedictions():
        return True
    parts = words.split()
    few = len(parts) <= 8 or words.startswith(_LONG_VALEDICTIONS)
    opening = any(" ".join(parts[:count]) in _valedictions() for count in range(2, min(len(parts), 7)))
    return (
        opening
        and few
        and (text.rstrip().endswith((",", "،", ":", "!")) or words.startswith(_LONG_VALEDICTIONS))
    )


_LONG_VALEDICTIONS = (
    "veuillez agreer",
    "nous vous prions d agreer",
    "وتفضلوا بقبول",
    "تفضلوا بقبول",
    "sin otro particular",
)


def is_signing_heading(text: str) -> bool:
    """Tell whether a line announces names ("List of signatories (117)") rather than speaks in a sentence."""
    text = without_count(text.strip().strip("*_#").strip())
    words = fold(text).split()
    if not words or len(words) > _MOST_HEADING_WORDS or text.endswith((".", "؟", "?", "!")):
        return False
    joined = " ".join(words)
    if not _SIGNING.search(joined):
        return False
    others = [
        word
        for word in _SIGNING.sub(" ", joined).split()
        if word not in _HEADING_WORDS and not word.isdigit()
    ]
    if text.endswith((":", "：")):
        return len(others) <= max(2, len(words) // 3)
    return len(others) <= (1 if len(words) >= 4 else 0)


def is_group_heading(text: str) -> bool:
    """Tell whether a line is the name of a part of a list ("Individuals", "Allies:")."""
    return len(text) <= 100 and fold(without_count(text)) in _groups()


def speaks_of_people(heading: str) -> bool:
    """Tell whether a heading announces people rather than organisations."""
    words = fold(heading)
    return bool(_PEOPLE.search(words)) and not _NOT_PEOPLE.search(words)


@lru_cache(maxsize=1)
def _valedictions() -> frozenset[str]:
    return _phrases(_VALEDICTIONS)


@lru_cache(maxsize=1)
def _groups() -> frozenset[str]:
    return _phrases(_GROUPS)


# --- asks, letters, salutations, sentences ------------------------------------------------------------------

_ASKING = re.compile(
    r"""\b(?:
    call(?:s|ing)?\s(?:\w+\s){0,3}?(?:on|upon|for) | urg(?:e|es|ing) | ask(?:s|ing)?\b | request\w* | demand\w*
    | recommend\w* | encourag\w* | appeal\w* | implore | insist | invite | must | should | we\swant | need\sto
    | appel(?:ons|ez|lent|le) | demand(?:ons|ent|es?) | exhort\w+ | pri(?:ons|ent) | recommand\w+ | encourage\w* | revendications?
    | invit(?:ons|ent) | exige(?:ons|nt) | doivent | devez | appel\sa | sollicit\w+
    | pedi(?:mos|dos)? | piden | exigi(?:mos|r)? | exigen | exigencias | instamos | instan | llam(?:amos|an|ado) | exhortamos
    | solicit\w+ | reclamamos | demandas? | recomend\w+ | urgimos | hacemos\sun | deben | invitamos | apelamos
    | apel\w+ | instamos | exig\w+ | reivindica\w+ | conclam\w+ | pedem | devem | recomenda\w+ | convidamos
    | ford\w+ | bitten | rufen | auf(?:gefordert|rufen)? | empfehl\w+ | verlangen | appellieren | mussen | forderungen
    | tuna(?:omba|dai|sihi|toa\swito|ziomba|wataka|taka) | tunazi\w+ | tunawa\w+ | mapendekezo | madai | wito | ombi | maombi | tunahimiza | lazima
    | ندعو\w* | نطالب\w* | نطلب | نحث\w* | نناشد\w* | نوصي | مطالب\w* | توصيات | التوصيات | يجب | ندعوكم | نهيب
    )""",
    re.VERBOSE,
)

_LETTER_WORDS = re.compile(
    r"\b(?:open letter|joint letter|letter|joint statement|statement|appeal|joint call|lettre ouverte"
    r"|lettre|declaration"
    r"|communique|appel|tribune|carta abierta|carta|declaracion|comunicado|pronunciamiento|manifiesto"
    r"|carta aberta|manifesto"
    r"|declaracao|offener brief|offenen brief|brief|erklarung|stellungnahme|appell|aufruf|barua|tamko|taarifa"
    r"|رساله|الرساله|بيان|البيان|نداء)\b"
)

_KICKERS = """
    open letter, joint open letter, joint letter, joint statement, statement, press release, news release,
    media release,
    for immediate release, immediate release, press statement, media advisory, public statement,
    public letter, news, blog,
    letter, the letter, the statement, text of the letter, text of the statement, appeal, a joint statement,
    an open letter, letters, statements, advocacy, press releases, embargoed,
    lettre ouverte, lettre ouverte conjointe, lettre conjointe, communique de presse, communique,
    declaration conjointe,
    declaration, appel, tribune, la lettre, texte de la lettre, pour diffusion immediate,
    carta abierta, carta publica, comunicado, comunicado de prensa, comunicado publico, comunicado conjunto,
    la carta, texto de la carta, a carta, texto da carta, der brief, wortlaut, نص الرسالة, الرسالة,
    declaracion conjunta, declaracion, pronunciamiento, para publicacion inmediata, nota de prensa,
    carta aberta, carta conjunta, nota publica, comunicado de imprensa, nota a imprensa,
    declaracao conjunta, declaracao,
    para divulgacao imediata, manifesto,
    offener brief, gemeinsamer brief, pressemitteilung, gemeinsame erklarung, erklarung, stellungnahme,
    zur sofortigen veroffentlichung,
    barua ya wazi, barua, tamko la pamoja, taarifa kwa vyombo vya habari, tamko, taarifa,
    رسالة مفتوحة, رساله مفتوحه, بيان مشترك, بيان صحفي, بيان, رسالة, للنشر الفوري, نداء
"""

_SALUTATION = re.compile(
    r"^(?:dear|excellenc\w+|your excellenc\w+|to the attention|to (?:the|all|his|her|their|our|un|member"
    r"|heads|governments?|mr|mrs|ms)\b"
    r"|ladies and|honou?rable|madam|mesdames|messieurs|madame|monsieur|cher|chers|cheres|chere|a l attention"
    r"|aux? (?:etats|chefs|gouvernements?|membres?|dirigeants?|ministres?|president)|estimad\w+|senor\w*"
    r"|a los? estados|a la atencion"
    r"|excelencias?|excelentisim\w+|distinguid\w+|prezad\w+|senhor\w*|caros?|exmo|aos? (?:estados|chefes"
    r"|governos)|sehr geehrte\w*"
    r"|liebe\w*|an die|exzellenz\w*|waheshimiwa|mheshimiwa|wapendwa|ndugu|kwa (?:nchi|serikali|viongozi"
    r"|waheshimiwa|wakuu)"
    r"|السيد|الساده|السيده|اصحاب|صاحب|سعاده|معالي|الي (?:الدول|حكومات|الساده|قاده|روساء|السيد))\b"
)

_PREFACE_END = re.compile(
    r"^(?:(?:the )?full (?:text|letter|statement)|read the (?:full )?(?:letter|statement)"
    r"|(?:the )?text of the letter|the letter (?:reads|in full)"
    r"|le texte (?:integral|complet)|texte (?:integral|complet)|lire la lettre|texto (?:completo|integro"
    r"|integral)|leia a carta"
    r"|(?:der )?(?:volle|vollstandige|ganze)\w* (?:text|wortlaut|brief)|(?:der brief )?im wortlaut"
    r"|barua kamili|maandishi kamili|نص الرساله|النص الكامل|نص البيان)\b"
)

# Words that carry a sentence, and that hardly a name has.
_VERBS = frozenset(
    """
    we our us they their is are was were have has had will would this that these those which who whom it
    its you your must should can cannot please been be not do does did because therefore today says said
    calls call urges urge nous notre nos ils elles leur leurs est sont ete avons ont sera cette ces qui
    que dont vous votre vos doit doivent pas ne plus afin etre nosotros nosotras nuestra nuestras
    nuestro nuestros ellos son esta estan fue fueron ha han hemos sera este estos que quien debe deben
    usted no ser hay nossa nossas nosso nossos eles elas sao foi foram temos tem sera esta estas este
    isso deve devem nao ser ha voces wir unser unsere unserer unserem ist sind war waren haben hat wird
    werden diese dieser dieses dass die nicht muss mussen sie ihr ihre wurde wurden sein kann konnen
    sisi yetu zetu wetu wao ni ilikuwa walikuwa imekuwa itakuwa hii hizi ambao ambayo ambazo lazima
    tafadhali si kuwa tuna نحن ان التي الذي الذين هذه هذا كان كانت يكون تكون لقد قد لا لم يجب اننا لكن
    ليس
""".split()
)
_CAPITALISED = re.compile(r"(?<=\s)[A-ZÀ-ÖØ-Þ]\w*")
_SENTENCE_ENDS = (".", "!", "?", "؟", "۔", "।", "။", "።", "…", "。", '."', ".”", ".»", ".)", ":")
_ABBREVIATED_END = re.compile(
    r"(?:\b\w\.|\b(?:inc|ltd|co|corp|assoc|org|e\s?v|asoc|ass|fdn|intl|vzw|asbl|soc|coop|dept|univ|etc|jr|sr|st)\.)$",
    re.IGNORECASE,
)


def is_sentence(text: str) -> bool:
    """Tell whether a text speaks in a sentence rather than names somebody."""
    words = text.split()
    if len(words) < 4:
        return False
    if len(words) > 30:
        return True
    carried = _spoken_words(text)
    if text.endswith(_SENTENCE_ENDS) and not _ABBREVIATED_END.search(text[-20:]):
        return len(words) >= 8 or carried >= 1
    return (len(words) >= 8 and carried >= 2) or (len(words) >= 20 and carried >= 1)


def prose_share(text: str) -> float:
    """Return which share of a text's words are such as sentences have and names hardly do."""
    words = text.split()
    return _spoken_words(text) / len(words) if words else 0.0


def _spoken_words(text: str) -> int:
    """Count the words that carry sentences; a capital makes one part of a name ("We Are the Shore")."""
    return sum(1 for word in fold(_CAPITALISED.sub(" ", text)).split() if word in _VERBS)


def asks_for_something(text: str) -> bool:
    """Tell whether a sentence or heading leads to what a letter asks for."""
    return bool(_ASKING.search(fold(text)))


def speaks_of_a_letter(text: str) -> bool:
    """Tell whether a text mentions a letter or statement, as titles and prefaces do."""
    return bool(_LETTER_WORDS.search(fold(text)))


def is_kicker(text: str) -> bool:
    """Tell whether a line is only the kind of text that follows ("OPEN LETTER", "For immediate release")."""
    if len(text) > 120:
        return False
    parts = [fold(part) for part in re.split(r"\s[-–—|•/:]+\s|:\s|[|•]", text)]
    return all(part in _kickers() for part in parts if part) and any(parts)


def is_salutation(text: str) -> bool:
    """Tell whether a line addresses those the letter is to."""
    return len(text) <= 200 and bool(_SALUTATION.match(fold(text)))


def ends_preface(text: str) -> bool:
    """Tell whether a line only announces that the letter's own text begins."""
    return len(text) <= 120 and bool(_PREFACE_END.match(fold(text)))


@lru_cache(maxsize=1)
def _kickers() -> frozenset[str]:
    return _phrases(_KICKERS)
