"""Next links of an enemy, and those that Microsoft may well send."""

from __future__ import annotations

import random
from collections.abc import Callable

HOST, LOGIN = "graph.microsoft.com", "login.microsoftonline.com"
EVIL = ("evil.example", "xn--grph-microsoft-9ib.com", "10.0.0.7", "localhost", "microsoft.com.evil.example")
_QUERY = "$skiptoken=RFNwdAIAAQAAABc6"

Random = random.Random


# --- what an enemy writes ------------------------------------------------------------------------------------------


def _lookalike(r: Random, path: str) -> str:
    names = (
        f"{HOST}.{r.choice(EVIL)}", f"{HOST}-{r.choice(EVIL)}", f"a.{HOST}", HOST.replace(".", "-"),
        HOST.replace("o", "0", 1), HOST.replace("m", "rn", 1), HOST + ".", HOST + "..", "." + HOST, HOST[1:],
        HOST + "x", "graph.microsoft.us", "microsoftgraph.chinacloudapi.cn", "dod-graph.microsoft.us",
        "graph.microsoft.co",
    )  # fmt: skip
    return f"https://{r.choice(names)}{path}?{_QUERY}"


def _userinfo(r: Random, path: str) -> str:
    evil, mark = r.choice(EVIL), r.choice(("@", ":443@", ":pass@", "%40", "\\@", "&@", "#@", "?@", "/@", ";@", "@@"))
    first, second = (HOST, evil) if r.random() < 0.8 else (r.choice(("user", "user:pass", "")), HOST)
    # After a slash, a question mark or a number sign it is our own server, and another path than ours.
    return f"https://{first}{mark}{second}{path}?{_QUERY}"


def _port(r: Random, path: str) -> str:
    port = r.choice(("80", "444", "8443", "0", "65536", "99999999999", "-443", "4 43", "٤٤٣", "443x", "0x1bb", "+80"))
    return f"https://{HOST}:{port}{path}?{_QUERY}"


def _scheme(r: Random, path: str) -> str:
    schemes = ("http", "ftp", "file", "ws", "wss", "gopher", "javascript", "data", "https+unix", "httpss", "ht tps", "")
    return f"{r.choice(schemes)}{r.choice(('://', ':', ':/', ':///'))}{HOST}{path}?{_QUERY}"


def _dots(r: Random, path: str) -> str:
    dot = r.choice(("。", "．", "｡", "․", "%2e", "%2E", "·", "‥"))
    return f"https://{HOST.replace('.', dot, r.choice((1, 2)))}{path}?{_QUERY}"


def _invisible(r: Random, path: str) -> str:
    mark = r.choice(("\t", "\n", "\r", "\r\n", "\0", " ", "\x0b", "\x7f", "\u200b", "\u00ad", "\ufeff", "\u202e"))
    place = r.choice(("before", "scheme", "host", "host end", "path"))
    parts = {
        "before": f"{mark}https://{HOST}{path}", "scheme": f"ht{mark}tps://{HOST}{path}",
        "host": f"https://graph{mark}.microsoft.com{path}", "host end": f"https://{HOST}{mark}.{r.choice(EVIL)}{path}",
        "path": f"https://{HOST}{path[:4]}{mark}{path[4:]}",
    }  # fmt: skip
    return f"{parts[place]}?{_QUERY}"


def _slashes(r: Random, path: str) -> str:
    evil = r.choice(EVIL)
    return r.choice((
        f"https:\\\\{HOST}{path}", f"https://{evil}\\{HOST}{path}", f"https://{HOST}\\@{evil}{path}",
        f"https:///{HOST}{path}", f"https:/{evil}{path}", f"//{evil}{path}", f"/\\{evil}{path}", f"\\\\{evil}{path}",
        f"https://{HOST}/{path}", f"https://{HOST}{path}/", f"https://{HOST}\\.{evil}{path}", f"https:{evil}{path}",
        f"https://{HOST}{path.replace('/', '//', 1)}", f"https://{HOST}{path.replace('/', chr(92))}",
    ))  # fmt: skip


def _letters(r: Random, path: str) -> str:
    """The same to the eye: other alphabets, and what IDNA folds into the real name."""
    swaps = {"a": "аａⓐ𝐚", "o": "оｏⓞº", "c": "сｃⓒ", "p": "рｐ", "i": "іｉⁱ", "m": "ｍⓜ", "s": "ｓſ", "t": "ｔⓣ"}
    name = HOST
    for letter in r.sample(sorted(swaps), r.randint(1, 3)):
        name = name.replace(letter, r.choice(swaps[letter]), 1)
    return f"https://{name}{path}?{_QUERY}"


def _numbers(r: Random, path: str) -> str:
    names = ("[::1]", "[::ffff:10.0.0.7]", "[fe80::1%25eth0]", "2130706433", "0x7f.1", "0177.0.0.1", "[::", "::1",
             "[v1.x]", "127.1", "169.254.169.254", "[0:0:0:0:0:0:0:1]", f"[{HOST}]")  # fmt: skip
    return f"https://{r.choice(names)}{path}?{_QUERY}"


def _elsewhere(r: Random, path: str) -> str:
    """Our own server, and another thing than was asked."""
    ways = (
        "/v1.0/me", "/beta" + path[5:], "/v2.0" + path[5:], path + "x", path[:-1], path + "/$ref",
        path + "/../applications",
        "/v1.0/../v1.0" + path[5:], "/v1.0/./" + path[6:], path + "/..", path + "/.", path + ";a=b", "/v1.0/$batch",
        path + "%2f", path.replace("u", "%75", 1).replace("a", "%61", 1), "/v1.0", "/", "", path + "/%2e%2e/me",
        path + "%00", path + "//", "/v1.0/users/1/authentication", "/v1.0/oauth2PermissionGrants", path + "%3f",
    )  # fmt: skip
    return f"https://{HOST}{r.choice(ways)}{r.choice(('?' + _QUERY, ''))}"


def _login(r: Random, path: str) -> str:
    """The sign-in server is trusted too, and may not have this token either."""
    names = (LOGIN, "login.windows.net", "login.microsoftonline.us")
    return f"https://{r.choice(names)}{r.choice((path, '/common/oauth2/v2.0/token'))}?{_QUERY}"


def _relative(r: Random, path: str) -> str:
    return r.choice((
        f"?{_QUERY}", f"//{r.choice(EVIL)}{path}", f"..{path}", f"{path[1:]}?{_QUERY}", f"./{path[1:]}", "#", "users",
        "/beta" + path[5:], "/v1.0/me", "/../" + path[1:], "/" + path, f"/{HOST}{path}", "null", "undefined",
        "about:blank",
    ))  # fmt: skip


def _long(r: Random, path: str) -> str:
    filler = r.choice("a/.@%") * r.choice((1_000, 9_000, 70_000))
    return r.choice((
        f"https://{filler}.{HOST}{path}", f"https://{HOST}.{filler}{path}", f"https://{HOST}/{filler}{path}",
        f"https://{filler}@{HOST}{path}", f"https://{HOST}:{'9' * len(filler)}{path}",
    ))  # fmt: skip


def _noise(r: Random, path: str) -> str:
    """A good address with a few characters replaced, doubled or left out before the query."""
    text = list(f"https://{HOST}{path}")
    for _ in range(r.randint(1, 3)):
        place = r.randrange(len(text))
        first, last = r.choice(((0, 0x20), (0x21, 0x7F), (0xA0, 0x2100), (0xFF00, 0xFF5F)))
        text[place : place + r.randrange(2)] = [chr(r.randrange(first, last))]
    return "".join(text) + f"?{_QUERY}"


HOSTILE: dict[str, Callable[[Random, str], str]] = {
    "look-alike host": _lookalike, "user before the host": _userinfo, "port": _port, "scheme": _scheme,
    "dots that are none": _dots, "invisible characters": _invisible, "slashes": _slashes, "other letters": _letters,
    "addresses of numbers": _numbers, "another path": _elsewhere, "sign-in server": _login, "relative": _relative,
    "very long": _long, "random changes": _noise,
}  # fmt: skip


# --- what Microsoft may write --------------------------------------------------------------------------------------


def legal(r: Random, path: str) -> str:
    """The same list, as another of Microsoft's servers might spell its next page."""
    token = "".join(r.choices("abcXYZ0189-_", k=r.choice((8, 40, 900)))) + r.choice(("", "==", "%3D%3D", "%3d"))
    parts = [
        f"{r.choice(('$skiptoken', '$skipToken', '%24skiptoken', '%24SkipToken', '$SKIPTOKEN'))}={token}",
        f"{r.choice(('$top', '%24top'))}={r.choice((100, 999, 1000))}",
        f"$select={r.choice(('id,mail', 'id%2cmail', 'id%2Cmail', 'ID,Mail'))}",
        r.choice(("$filter=appId%20eq%20'x'", "$filter=appId+eq+%27x%27", "$filter=appId eq 'x'", "a=ü", "x=/../@:")),
    ]
    r.shuffle(parts)
    host = r.choice((HOST, HOST, HOST.upper(), "Graph.Microsoft.com", HOST + ":443"))
    spelled = r.choice((path, path, path.lower(), path.upper(), path.replace("l", "L")))
    scheme = r.choice(("https", "https", "HTTPS"))
    return f"{scheme}://{host}{spelled}?" + "&".join(parts[: r.randint(1, 4)])
