"""The one door to Microsoft: every byte that goes to the vendor goes through here, token requests included.

Read in this order: `clouds` (where), `origin` (what may be sent where), `wire` and `egress` (sending one
request), `token`, `retry` and `throttle` (when), `client` (one question), `pages` (a whole list), `refusals`
(what went wrong).
"""
