//! Pages, and the request that Chromium 156 sent for a click on `#x`: method, URL and body.

pub(super) const CASES: [(&str, &str, &str); 51] = [
    (
        "unquoted and single-quoted attributes",
        "<a id=x href=/a?b=1&amp;c='2>l</a>",
        "GET /a?b=1&c=%272",
    ),
    (
        "upper-case tags and attributes",
        "<FORM METHOD=POST ACTION='/to'><INPUT NAME=A VALUE=B><BUTTON ID=x NAME=c VALUE='d'>s</BUTTON></FORM>",
        "POST /to A=B&c=d",
    ),
    (
        "character references",
        "<form method=post action=/to><input name=a value='&lt;&#x41;&eacute;&notit;&amp'><button id=x>s</button></form>",
        "POST /to a=%3CA%C3%A9%26notit%3B%26",
    ),
    (
        "a comment hides",
        "<!-- <form action=/no><button id=x>n</button></form> --><form action=/to><button id=x>s</button></form>",
        "GET /to?",
    ),
    (
        "script style title textarea hide",
        "<script>'<a id=x href=/no></a>'</script><style><a id=x href=/no></style><form action=/to><textarea name=t><a id=x href=/no></textarea><button id=x>s</button></form>",
        "GET /to?t=%3Ca+id%3Dx+href%3D%2Fno%3E",
    ),
    (
        "script with escaped end tag",
        "<script><!--<script></script><a id=x href=/no>--></script><a id=x href=/to>l</a>",
        "GET /to",
    ),
    (
        "template hides",
        "<template><a id=x href=/no>n</a><template></template><a id=x href=/no>n</a></template><a id=x href=/to>l</a>",
        "GET /to",
    ),
    (
        "formaction and formmethod",
        "<form method=get action=/no><input name=a value=1><button id=x formaction=/to formmethod=post>s</button></form>",
        "POST /to a=1",
    ),
    (
        "button by form attribute before it",
        "<button id=x form=f name=b value=1>s</button><form id=f method=post action=/to><input name=a value=1></form><input form=f name=c value=2>",
        "POST /to b=1&a=1&c=2",
    ),
    (
        "form attribute wins over ancestor",
        "<form id=g action=/no><button id=x form=f>s</button><input form=f name=a value=1><input name=n value=1></form><form id=f action=/to></form>",
        "GET /to?a=1",
    ),
    (
        "input whose form attribute is empty",
        "<form action=/to><input form='' name=a value=1><input name=b value=2><button id=x>s</button></form>",
        "GET /to?b=2",
    ),
    (
        "nested form is ignored",
        "<form action=/to><input name=a value=1><form action=/no><input name=b value=2><button id=x>s</button></form><input name=c value=3></form>",
        "GET /to?a=1&b=2",
    ),
    (
        "form end tag in a div",
        "<form action=/to><div><input name=a value=1></form><input name=b value=2><button id=x>s</button></div>",
        "GET /to?a=1&b=2",
    ),
    (
        "form around table rows",
        "<table><form action=/to><tr><td><input name=a value=1></td></tr><tr><td><button id=x>s</button></form><input name=b value=2></table>",
        "GET /to?a=1",
    ),
    (
        "form in a table after its end",
        "<table><form action=/to><tr><td><button id=x name=s value=1>s</button></td></tr></form><tr><td><input name=b value=2></table>",
        "GET /to?s=1",
    ),
    (
        "check boxes and radio buttons",
        "<form action=/to><input type=checkbox name=a checked><input type=checkbox name=b><input type=checkbox name=c value=1 checked><input type=radio name=d value=1 checked><input type=RADIO name=d value=2 checked><input type=radio name=e><button id=x>s</button></form>",
        "GET /to?a=on&c=1&d=2",
    ),
    (
        "other buttons stay out",
        "<form action=/to><button name=a value=1>n</button><input type=submit name=b value=2><input type=image name=i><input type=reset name=c value=3><input type=button name=d value=4><input type=submit id=x name=e value=5></form>",
        "GET /to?e=5",
    ),
    (
        "submit without value",
        "<form action=/to><input type=submit id=x name=e></form>",
        "GET /to?e=Submit",
    ),
    (
        "button without value",
        "<form action=/to><button id=x name=e></button></form>",
        "GET /to?e=",
    ),
    (
        "disabled fields",
        "<form action=/to><input name=a value=1 disabled><fieldset disabled><legend><input name=b value=2></legend><legend><input name=c value=3></legend><input name=d value=4><fieldset><input name=e value=5></fieldset></fieldset><fieldset><input name=f value=6></fieldset><button id=x>s</button></form>",
        "GET /to?b=2&f=6",
    ),
    (
        "nested legend",
        "<form action=/to><fieldset disabled><div><legend><input name=a value=1></legend></div><legend><fieldset><input name=b value=2></fieldset></legend></fieldset><button id=x>s</button></form>",
        "GET /to?b=2",
    ),
    (
        "select",
        "<form action=/to><select name=a><option>one  two<option>x</select><select name=b><option value=1><option value=2 selected>t<option value=3 selected></select><select name=c multiple><option value=1 selected><option value=2 selected><option value=3 selected disabled></select><select name=d><option value=1 disabled><optgroup disabled><option value=2></optgroup><optgroup><option value=3></optgroup></select><select name=e size=2><option value=1></select><select name=f><option value=1 selected disabled>x<option value=2></select><button id=x>s</button></form>",
        "GET /to?a=one+two&b=3&c=1&c=2&d=3",
    ),
    (
        "textarea",
        "<form method=post action=/to><textarea name=a>\n\none\r\ntwo\n</textarea><textarea name=b></textarea><button id=x>s</button></form>",
        "POST /to a=%0D%0Aone%0D%0Atwo%0D%0A&b=",
    ),
    (
        "newlines",
        "<form method=post action=/to><input name=a value='1\n2'><input type=hidden name=b value='1\n2'><input type=hidden name='c\nd' value=''><input type=email name=e value=' a@b.example '><button id=x>s</button></form>",
        "POST /to a=12&b=1%0D%0A2&c%0D%0Ad=&e=a%40b.example",
    ),
    (
        "no name",
        "<form action=/to><input value=1><input name='' value=2><input name=a><button id=x>s</button></form>",
        "GET /to?a=",
    ),
    (
        "charset field",
        "<form action=/to><input type=hidden name=_charset_ value=no><button id=x>s</button></form>",
        "GET /to?_charset_=UTF-8",
    ),
    (
        "base",
        "<base href=/deep/er/><base href=/no/><a id=x href=to>l</a>",
        "GET /deep/er/to",
    ),
    (
        "base and empty action",
        "<base href=/deep/><form action=''><button id=x name=a value=1>s</button></form>",
        "GET /page?a=1",
    ),
    (
        "base and missing action",
        "<base href=/deep/><form method=post><button id=x name=a value=1>s</button></form>",
        "POST /page?n=1 a=1",
    ),
    (
        "get replaces the query and keeps the fragment",
        "<form action='/to?old=1#part'><input name=a value=1><button id=x>s</button></form>",
        "GET /to?a=1#part",
    ),
    (
        "post keeps the query",
        "<form method=post action='/to?old=1'><button id=x name=a value=1>s</button></form>",
        "POST /to?old=1 a=1",
    ),
    (
        "get without fields",
        "<form action=/to><button id=x>s</button></form>",
        "GET /to?",
    ),
    (
        "unknown method and type",
        "<form method=put action=/to><input type=magic name=a value=1><button type=magic id=x>s</button></form>",
        "GET /to?a=1",
    ),
    (
        "a link with a fragment",
        "<a id=x href='/to?a=1#part'>l</a>",
        "GET /to?a=1#part",
    ),
    (
        "spaces around a URL",
        "<a id=x href=' /to\n'>l</a>",
        "GET /to",
    ),
    (
        "child of a link",
        "<a href=/to><b><i id=x>l</i></b></a>",
        "GET /to",
    ),
    (
        "child of a button",
        "<form action=/to><button name=a value=1><b id=x>l</b></button></form>",
        "GET /to?a=1",
    ),
    (
        "self-closing tags",
        "<form action=/to /><input name=a value=1 /><div /><button id=x />s</button></form>",
        "GET /to?a=1",
    ),
    (
        "duplicate attributes",
        "<a id=x href=/to href=/no>l</a>",
        "GET /to",
    ),
    (
        "button ends a button",
        "<form action=/to><button name=a value=1>1<button id=x name=b value=2>2</button></form>",
        "GET /to?b=2",
    ),
    (
        "input ends a select",
        "<form action=/to><select name=a><option value=1><input name=b value=2></select><button id=x>s</button></form>",
        "GET /to?a=1&b=2",
    ),
    (
        "svg title",
        "<svg><title/><style/></svg><a id=x href=/to>l</a>",
        "GET /to",
    ),
    (
        "image button",
        "<form action=/to><input type=image id=x name=i alt=i width=2 height=2></form>",
        "GET /to?i.x=0&i.y=0",
    ),
    (
        "required empty formnovalidate",
        "<form action=/to><input name=a required><button id=x formnovalidate>s</button></form>",
        "GET /to?a=",
    ),
    (
        "required empty novalidate",
        "<form action=/to novalidate><input name=a required><button id=x>s</button></form>",
        "GET /to?a=",
    ),
    (
        "required readonly",
        "<form action=/to><input name=a required readonly><button id=x>s</button></form>",
        "GET /to?a=",
    ),
    (
        "plaintext",
        "<a id=x href=/to>l</a><plaintext><a id=x href=/no>",
        "GET /to",
    ),
    (
        "unclosed paragraph in fieldset",
        "<form action=/to><fieldset disabled><p><span></fieldset><input name=a value=1><button id=x>s</button></form>",
        "GET /to?a=1",
    ),
    (
        "stray end tags",
        "</p></div></form></table><form action=/to></div><input name=a value=1></span><button id=x>s</button></form>",
        "GET /to?a=1",
    ),
    (
        "file",
        "<form action=/to><input type=file name=a><button id=x>s</button></form>",
        "GET /to?a=",
    ),
    (
        "number and colour",
        "<form action=/to><input type=number name=n value=1><input type=date name=d value=2020-01-01><button id=x>s</button></form>",
        "GET /to?n=1&d=2020-01-01",
    ),
];
