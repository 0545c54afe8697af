"""Domains at which anyone can have a mailbox, so that they can't be suppressed as a whole.

In the first list each name stands for itself under every ending that has one or two parts (`yahoo.fr`, `yahoo.co.jp`);
in the second the whole domain is named, in the third with its subdomains. A mail provider that is missing here belongs
into one of them.
"""

_NAMES = """
gmail googlemail outlook hotmail yahoo ymail rocketmail gmx aol yandex protonmail icloud fastmail zohomail tutanota
tutamail rediffmail hushmail mailinator guerrillamail yopmail wanadoo chello tiscali
"""

_DOMAINS = """
icloud.com me.com mac.com msn.com passport.com windowslive.com
live.com live.at live.be live.ca live.ch live.cl live.cn live.co.kr live.co.uk live.co.za live.com.ar live.com.au
live.com.mx live.com.my live.com.pt live.com.sg live.de live.dk live.fi live.fr live.hk live.ie live.in live.it live.jp
live.nl live.no live.ru live.se
ymail.com rocketmail.com myyahoo.com proton.me pm.me aim.com ya.ru narod.ru

web.de t-online.de freenet.de arcor.de mailbox.org posteo.de posteo.net email.de online.de magenta.de kabelmail.de
vodafone.de vodafonemail.de 1und1.de unitybox.de unitymail.de versanet.de ewetel.net netcologne.de alice-dsl.net
mail.de kabelbw.de o2online.de o2mail.de genion.de gmx-topmail.de directbox.com firemail.de

orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr club-internet.fr cegetel.net aliceadsl.fr
dbmail.com noos.fr nordnet.fr voila.fr 9online.fr gmx-topmail.fr caramail.com

docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp vodafone.ne.jp ymobile.ne.jp disney.ne.jp willcom.com
pdx.ne.jp nifty.com biglobe.ne.jp ocn.ne.jp so-net.ne.jp plala.or.jp dion.ne.jp infoseek.jp excite.co.jp

qq.com foxmail.com vip.qq.com 163.com vip.163.com 126.com yeah.net 188.com sina.com sina.cn sohu.com 139.com 189.cn
sina.com.cn vip.sina.com 263.net aliyun.com tom.com 21cn.com naver.com daum.net hanmail.net nate.com kakao.com

mail.ru bk.ru list.ru inbox.ru internet.ru rambler.ru lenta.ru ukr.net i.ua meta.ua bigmir.net tut.by

comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net spectrum.net rr.com earthlink.net
optonline.net frontier.com centurylink.net windstream.net juno.com netzero.net roadrunner.com pacbell.net ameritech.net
rogers.com shaw.ca sympatico.ca bell.net telus.net videotron.ca cogeco.ca

btinternet.com bt.com sky.com virginmedia.com ntlworld.com talktalk.net tiscali.co.uk blueyonder.co.uk o2.co.uk
btopenworld.com fsmail.net eircom.net

libero.it virgilio.it alice.it tin.it tim.it tiscali.it fastwebnet.it inwind.it iol.it email.it aruba.it pec.it
vodafone.it vodafone.es orange.es telefonica.net terra.es ono.com movistar.es sapo.pt iol.pt telepac.pt clix.pt

bluewin.ch bluemail.ch hispeed.ch sunrise.ch swissonline.ch chello.at aon.at a1.net utanet.at telering.at inode.at
kabsi.at liwest.at tele2.at
ziggo.nl kpnmail.nl kpnplanet.nl planet.nl hetnet.nl home.nl upcmail.nl casema.nl xs4all.nl quicknet.nl versatel.nl
tele2.nl telenet.be skynet.be
proximus.be scarlet.be voo.be pt.lu

telia.com bredband.net comhem.se spray.se tele2.se online.no broadpark.no mail.dk sol.dk stofanet.dk tdcadsl.dk
kolumbus.fi luukku.com suomi24.fi elisanet.fi

wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu poczta.onet.pl gazeta.pl tlen.pl vp.pl orange.pl poczta.fm
spoko.pl
seznam.cz centrum.cz email.cz post.cz atlas.cz volny.cz azet.sk centrum.sk zoznam.sk pobox.sk freemail.hu citromail.hu
otenet.gr forthnet.gr in.gr hol.gr abv.bg mail.bg dir.bg inbox.lv inbox.lt mail.ee one.lt

uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com zipmail.com.br oi.com.br
prodigy.net.mx

rediffmail.com sify.com indiatimes.com bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au
westnet.com.au xtra.co.nz slingshot.co.nz

netvision.net.il 012.net.il bezeqint.net emirates.net.ae eim.ae singnet.com.sg pacific.net.sg starhub.net.sg
streamyx.com pldt.net hinet.net seed.net.tw netvigator.com mweb.co.za telkomsa.net vodamail.co.za webmail.co.za
iafrica.com
walla.co.il walla.com mynet.com ttmail.com superonline.com

usa.net netscape.net netscape.com compuserve.com q.com embarqmail.com suddenlink.net mchsi.com tds.net cableone.net
swbell.net prodigy.net peoplepc.com mindspring.com adelphia.net optimum.net rcn.com wowway.com insightbb.com knology.net
hughes.net wildblue.net gci.net alltel.net eastlink.ca mts.net sasktel.net cgocable.ca aliant.net teksavvy.com primus.ca
virgin.net lineone.net onetel.com supanet.com tesco.net madasafish.com pipex.com libertysurf.fr
netcourrier.com netc.fr mail.fr onlinehome.de compuserve.de osnanet.de mnet-online.de nexgo.de vr-web.de
zonnet.nl wxs.nl solcon.nl online.nl zeelandnet.nl caiway.nl tvcablenet.be edpnet.be
blu.it supereva.it katamail.com interfree.it teletu.it poste.it ya.com jazztel.es euskalnet.net netcabo.pt mail.pt
tele2.it freesurf.ch ik.me ikmail.com indamail.hu vipmail.hu t-online.hu upcmail.hu quick.cz iol.cz post.sk
swipnet.se passagen.se jubii.dk ofir.dk c2i.net getmail.no pp.inet.fi welho.com saunalahti.fi mbnet.fi
hotbox.ru pochta.ru fibertel.com.ar arnet.com.ar speedy.com.ar ciudad.com.ar superig.com.br ibest.com.br vtr.net
pchome.com.tw yam.com hkbn.net dodo.com.au internode.on.net ozemail.com.au bigpond.com.au paradise.net.nz ihug.co.nz
orcon.net.nz absamail.co.za zahav.net.il in.com

zoho.com zoho.eu zoho.in tuta.com tuta.io keemail.me hey.com duck.com mozmail.com mail.com email.com usa.com post.com
europe.com dr.com
lycos.com excite.com inbox.com runbox.com startmail.com mailfence.com disroot.org riseup.net simplelogin.com
vivaldi.net kolabnow.com ctemplar.com cock.li anonaddy.com anonaddy.me addy.io passmail.net passinbox.com aleeas.com
slmail.me users.noreply.github.com sharklasers.com trashmail.com tempmail.com temp-mail.org maildrop.cc getnada.com
10minutemail.com privaterelay.appleid.com relay.firefox.com
"""

# Each of their regions has a domain of its own, such as nc.rr.com.
_REGIONAL = """
rr.com ocn.ne.jp dion.ne.jp so-net.ne.jp plala.or.jp biglobe.ne.jp vodafone.ne.jp pdx.ne.jp eonet.ne.jp hi-ho.ne.jp
odn.ne.jp asahi-net.or.jp infoweb.ne.jp tiki.ne.jp sympatico.ca
"""

NAMES = frozenset(_NAMES.split())
REGIONAL = frozenset(_REGIONAL.split())
DOMAINS = frozenset(_DOMAINS.split()) | REGIONAL
