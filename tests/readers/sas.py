"""Two real .sas7bdat files of 24 rows, written by ReadStat; pyreadstat itself writes none.

patient_id (P0001 twice, P0002 twice, …), age 20, 21, …, crp (row / 2 + 0.25; .A in rows 3, 13, 23;
missing in rows 7, 17), admitted (22000 + row days since 1960), sex (männ in each third row, else
female) and died (1 in each fourth row).
"""

from __future__ import annotations

import base64
import zlib

_PLAIN = (
    r"c-rloO-~b16owB~2_G&>gn)^L2`XVh$W%V7XlIZbNh%?sd#QGSCbl$mNH7sP-MMh(Z}110xYiI|n7C0FChpuCb-}`@i6"
    r"3=3=gi#B^|qLp7>MT~;c(A9b9m{@K&L4Hf+z1QOAoudUOc+j2JO#ccl-LIU84X4&;l`NN_S|rXfA4(=TgZ9Gd-7_PcLc"
    r">fIXNs(<XY(^A8(uO;IIklcE3-sU08DV|whW?$$B4PNZ^$jZI(}hG7_nVHk#C7=~dOhG7_nVHk#CnE#PZ_XFU~QCtlj3"
    r"UA$^exJ106!q`;jTS5)JF%vuev$gOrM^ymLz=(aq3%Cu&@VRV>kaz5?dm?mFbu;m%t7Plx2nfM*?$v`?1TJE(EC^WUx6"
    r"O_>O1aUU6qVB?^6UTtq;3Tf}_&9Pg-lVZuQm?7?ifxL*KeO6?9GjKK&g6d|E$DRi_+Nw4Qcnh513V?7E)(zTRTS&RGTf"
    r"S}qHaS+U^8dJ!_&e9pG5Y{}Y$Y|hG(Q<~q%U$@q^wPnp-wKVFwGt3oB%h+0Nw^Av$Rv6Z9S()`x?Y+UtxV!zci~sZ2^T"
    r"p*)j?4(C?_Z$qacxRe-L6XTZyrX45nS>6loq@)7Ia+~{{%2bx5Y0Lc+>vc$UnVbDERlziLgCR_B+ouTzlEdXKq^l_L_Y"
    r"*uqVj=<k`+1_9WVmzm~mMBcvo~kBV0%Xm$kaR(Lk%7IvKMR<9acsw889eU9u7uR2?*B*H$A_AAP*oIM`c(=@va>$WPlu"
    r"rH8(40CU*l1v1vi)8m;?rl{PVJFD$_3Dn&o)l*{*~hV#Rp&`yJ4WbO8fDdN@wdyQ*(Wh~bKCLle#~7~JtpyBHG{UJQB^"
    r"(Of$hwMj-}x!lEn02_9dD*fVmw-5@9>OeF}3cXNxOsmh975D~jC0c6|E`o+lMm5^<#^$sWYq6;+bJc9P-i@;94d7=~dO"
    r"hGCe0&o3qEVUY"
)
_COMPRESSED = (
    r"c-rlnO-vI(7=}kAw4f#>f}nzIKnW&<Y^6X^v|A}glY))qf(NzQg;s4Lv?Le{>=Gl8crYG3o9Mx-@n|$v4<^P$JZL=W#R"
    r"Jg`p_SG6Q@`y_p*!rN(F7Cyo*ssI-}&D8>1Mm6C1jaL@8wf>%SxZ$zh))HPwZDJYiy;>gw&FC#7<VFOxN?f{oJ7=-Y%c"
    r"J_efVyub(r4`~;7?*R73{o_-j4>t1dd)Fc~$W$I~f;_bY>n}^l`ZL2pN9T_DEf*=TjAP9mW2!bF8f*=TjAP9mW2=YHt2"
    r"QNZiZ`67X>-BDu>Xl3tPxY%gfqpsvZiCi(89hYx1fw@lU10L(N{sc}CVI$3Z!pp4ijDPWRIj4_Lb}d7RNv0%*G=?`Ci)"
    r"4gS2KF2$@tw=-^S>hOx8JXHO_x!HO{$bHJ<l|iGJB6=d9IuJx5J)947h}s_$U*&lcl-y|EbQJTw`9(_)-IWiej=ITO9d"
    r"Bp*SLf0au<p11E=oRqqR)Z~Lt6ALp*`K8b=Mgr%>Ma@)X)syOlg&B$Q>`>@Y&0WI6v;b!0@vUf7(L6=YT04c*^io+`o_"
    r"A$k9x6LkyAEQLl0KGK<g8Z<sgjgSm3&EFYKOXm;Jr|nDlFG&rXs7J#KDwO{*+nQ38ii!E!RM5azdBtRAkkuR<}5z&um+"
    r"iq*;120_!QWX?d%Vn#!ep%+1xR$Sw%1P&YTOF9PcTSmo+mjMbvZ`@!0*9_F}if#7t2Qwkd!U$HTVBJax`Npegd3Eo~PE"
    r"KyH#Oc&X#$nD@1!8!z{2rMU91u)y#irL_LXrtH4bTXlf1gjP5(k|FqLLUiNLkn1QU<oTN2UxSN)Kntx9KV0bWcl4Id#&"
    r"pwV*RW0)2BvK@kjMOQcnN+s+DI#%!uqRtp!WFRog;%__Z<pN~X`zeo?kxK<XJkA3Al$xujGP?XkCkXpi%awB_kKoV4Eo"
    r"S$e+FtVEv1{+@Rz5D$yd_{ngPkidXQ&I}KcKrj-H$Hibw93{c97^Gujez(8xc;_*1&q(C7ILr<9bMcVKQ5Uk@10olQb8"
    r"2}k79NZ?au>wFaEx?!dpv!8aN`4V=a7#A{K`AjM2!D`A$jM!DmG&|!+@WSh!H~GeeN)G&sz(A096$gUH"
)


def sas(packed: str) -> bytes:
    """As a file."""
    return zlib.decompress(base64.b85decode(packed))


PLAIN, COMPRESSED = sas(_PLAIN), sas(_COMPRESSED)
"""With the formats DATE9. and MMDDYY10."""
