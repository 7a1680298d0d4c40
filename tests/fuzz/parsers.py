"""Every parser of foreign bytes, by name: what is fuzzed by hand, and played with each commit.

http            the server's bytes: heads, bodies, cookies, forms, JSON, tokens, proxy headers, sign-in callbacks
header          Host, Accept, sessions, names that a proxy proves, paths to go to
exchange        any vendor's answer: status, dates, rate limits, compression, its own words
rate-limits     Retry-After, resets, dates
render          services, deploys, events, pages of lists
people          GitHub's commits, comparisons and issues, PagerDuty's incidents, Slack's socket
sentry          series and issues
status-page     Statuspage's summary, Slack's own, announced maintenance
slack           envelopes: buttons with their signatures, typed words
oidc-document   discovery and keys
oidc-token      ID tokens and their claims
mail-server     the words of an SMTP server
configuration   watchdog.yaml
dotenv          .env and names of variables
quantities      durations, sizes, rates, times, statuses, hours, turns
addresses       URLs of sites, vendors and stores; where a redirect leads
expression      regular expressions of the configuration, and pages they are tried on
probe-answer    what a site answers a probe: headers, body, JSON, version
page            pages of HTML and their content security policies
journey         cookies, forms and values that a journey carries on
inflate         compressed bodies
command         what forms, JSON bodies and lines of chat say of a command
stored          rows of the store
recording       recordings that a replay reads
imported        histories of other tools
other-tools     configurations of other tools, of which `init` makes one of ours
notices         foreign words in mail, Slack, tickets, webhooks, pages
references      what a channel remembered of an incident
"""

from tests.fuzz.ours import OURS
from tests.fuzz.server import SERVER
from tests.fuzz.vendors import VENDORS

PARSERS = {**SERVER, **VENDORS, **OURS}
