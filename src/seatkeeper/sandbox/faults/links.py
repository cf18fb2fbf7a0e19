"""B1 to B8: where a page says that the next one is."""

from __future__ import annotations

from seatkeeper.sandbox.faults.fault import DELTA, NEXT, Call, Reply, fault, link_of


def _hostile(call: Call, link: str) -> str:
    """The link, changed so that it leads to a host that must not get the token."""
    own, rest = call.origin, link.removeprefix(call.origin)
    name, _, port = call.twin.removeprefix("https://").partition(":")
    at = f":{port}" if port else ""
    return {
        "twin": call.twin + rest,
        "userinfo": f"{own}@{name}{at}{rest}",
        "backslash": f"https://{name}{at}\\@{own.removeprefix('https://')}{rest}",
        "suffix": f"{own.rpartition(':')[0]}.evil.example{at}{rest}",
        "tab": f"https://{name[:3]}\t{name[3:]}{at}{rest}",
        "percent": f"https://127%2e0.0.1{at}{rest}",
        "full-stop": f"https://127\u30020\u30020\u30021{at}{rest}",
        "trailing-dot": f"https://{name}.{at}{rest}",
        "ipv6": f"https://[::1]{at}{rest}",
        "decimal": f"https://2130706433{at}{rest}",
        "no-port": f"https://{name}{rest}",
        "http": f"http://{own.removeprefix('https://')}{rest}",
        "no-host": f"//{name}{at}{rest}",
    }[call.variant]


@fault("B1", "hostile-link", "the link of page N leads to another host, written in one of many ways",
       "compare the whole origin with the parser that sends, and refuse before a byte is sent", on="list", where="1",
       variants=("twin", "userinfo", "backslash", "suffix", "tab", "percent", "full-stop", "trailing-dot", "ipv6",
                 "decimal", "no-port", "http", "no-host"))  # fmt: skip
def _hostile_link(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    name = link_of(shape)
    if name:
        shape[name] = _hostile(call, shape[name])
        reply.put(shape)


@fault("B2", "wrong-path-link", "the link of page N stays on the host and leads to another path or version",
       "refuse: the path belongs to the task", on="list", where="1",
       variants=("messages", "beta", "parent", "other-list"))  # fmt: skip
def _wrong_path(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    name = link_of(shape)
    if not name:
        return
    path = {
        "messages": "/v1.0/me/messages",
        "beta": "/beta" + call.path[5:],
        "parent": call.path + "/../../v1.0/me/messages",
        "other-list": "/v1.0/groups",
    }[call.variant]
    shape[name] = call.origin + path + "?" + shape[name].partition("?")[2]
    reply.put(shape)


@fault("B3", "redirect", "instead of an answer a redirect: to the twin, to the same host, or with 100 MB of body",
       "follow none, read little of the body", on="graph", where="all",
       variants=("twin", "same-host", "big-body"))  # fmt: skip
def _redirect(call: Call, reply: Reply) -> None:
    target = call.url if call.variant == "same-host" else call.twin + call.url.removeprefix(call.origin)
    body = b"x" * 100_000_000 if call.variant == "big-body" else b""
    reply.become(302, body, b"text/html", location=target)


@fault("B4", "link-loop", "from page N on links go in a circle, to the page itself or the one before, or grow for ever",
       "remember links, count pages without new rows, keep a budget", on="list", where="2",
       variants=("self", "pair", "grows"))  # fmt: skip
def _link_loop(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    before = call.memory.get(call.endpoint, call.url)
    plain, _, turn = call.url.partition("&turn=")
    grown = f"{plain}{'&' if '?' in plain else '?'}turn={int(turn or 0) + 1}"
    shape.pop(DELTA, None)
    rows = shape.pop("value")
    shape[NEXT] = {"self": call.url, "pair": before, "grows": grown}[call.variant]
    reply.put(shape | {"value": rows})


@fault("B6", "no-links", "a page of delta ends with neither a next link nor a delta link",
       "call the round incomplete, not done", on="delta", where="all")  # fmt: skip
def _no_links(_call: Call, reply: Reply) -> None:
    shape = reply.shape()
    for name in (NEXT, DELTA):
        shape.pop(name, None)
    reply.put(shape)


@fault("B7", "both-links", "a page of delta has a next link and a delta link",
       "refuse: the vendor's protocol is broken", on="delta", where="all")  # fmt: skip
def _both_links(_call: Call, reply: Reply) -> None:
    shape = reply.shape()
    link = shape.get(NEXT) or shape.get(DELTA)
    rows = shape.pop("value")
    reply.put(shape | {NEXT: link, DELTA: link, "value": rows})


@fault("B8", "odd-link", "the link of page N is null, empty, a number or a list",
       "take null for the end of a plain list only; anything else is an error", on="list", where="1",
       variants=("null", "empty", "number", "list"))  # fmt: skip
def _odd_link(call: Call, reply: Reply) -> None:
    shape = reply.shape()
    odd: object = {"null": None, "empty": "", "number": 7, "list": []}[call.variant]
    reply.put({NEXT: odd} | {k: odd if k == NEXT else v for k, v in shape.items()})
