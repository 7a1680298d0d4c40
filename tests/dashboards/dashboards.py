"""The dashboards, one table each: the fleet, one service, the watchdog itself, delivery (DORA)."""

from types import MappingProxyType

from tests.dashboards.panels import Dashboard, Panel, number

RATE = "[$__rate_interval]"
SHARE = 'sum by ({0}) (rate(watchdog_probe_total{{{1}outcome="bad"}}[$__rate_interval])) / sum by ({0}) (rate(watchdog_probe_total{{{1}outcome=~"good|bad"}}[$__rate_interval]))'  # noqa: E501  one expression
OURS = 'service="$service"'


def quantile(share: float, metric: str, by: str = "", chosen: str = "") -> str:
    """Return the quantile of a histogram over the rate's interval."""
    return f"histogram_quantile({share}, sum by (le{by}) (rate({metric}_bucket{{{chosen}}}{RATE})))"


def of_a_day(metric: str) -> dict[str, str]:
    """Return median and 95th percentile of a histogram, over a day."""
    return {
        f"{share:.0%}": f"histogram_quantile({share}, sum by (le) (increase({metric}_bucket[1d])))"
        for share in (0.5, 0.95)
    }


FLEET = Dashboard(
    "watchdog-fleet",
    "Watchdog: fleet",
    "All services at a glance: what fails, what is not seen, what was decided.",
    (
        number("Services", "Watched by a worker now.", "sum(watchdog_services_held)", bad_below=1),
        number("Open incidents", "Of any severity.", "sum(watchdog_incident_open) or vector(0)", bad_above=1),
        number(
            "Failing signals",
            "The last reading was bad.",
            "count(watchdog_signal_good == 0 unless on (service, signal) watchdog_signal_unknown == 1) or vector(0)",
            bad_above=1,
        ),
        number("Unknown signals", "Could not be read: no evidence.", "sum(watchdog_signal_unknown)", bad_above=1),
        number("Rollbacks, 30 days", "For incidents, by hand or not.", "sum(watchdog_rollbacks_30d)"),
        number(
            "Next certificate ends",
            "The earliest of all signals.",
            "min(watchdog_certificate_expiry_timestamp_seconds) - time()",
            unit="s",
            bad_below=14 * 86_400,
        ),
        Panel(
            "Failing share by service",
            "Bad readings of good and bad ones; unknown ones are no evidence.",
            {"{{service}}": SHARE.format("service", "")},
            unit="percentunit",
        ),
        Panel(
            "Readings", "By outcome, a second.", {"{{outcome}}": f"sum by (outcome) (rate(watchdog_probe_total{RATE}))"}
        ),
        Panel(
            "Services by phase",
            "calm, suspect and so on, as `watchdog status` shows them.",
            {"{{phase}}": "sum by (phase) (watchdog_service_phase)"},
        ),
        Panel(
            "Incidents opened",
            "In the day before, by severity.",
            {"{{severity}}": "sum by (severity) (increase(watchdog_incidents_total[1d]))"},
        ),
        Panel(
            "Decisions",
            "In the day before, by what was decided to do.",
            {"{{course}}": "sum by (course) (increase(watchdog_decisions_total[1d]))"},
        ),
        Panel(
            "Integrations that do not work",
            "What the watchdog relies on; empty while all work.",
            {"{{kind}} {{name}}": "1 - max by (kind, name) (watchdog_integration_up)"},
        ),
    ),
)
SERVICE = Dashboard(
    "watchdog-service",
    "Watchdog: service",
    "One service: its signals, and what was done about them.",
    (
        number("Open incidents", "Now.", f"sum(watchdog_incident_open{{{OURS}}}) or vector(0)", bad_above=1),
        number(
            "Auto-deploy held off", "1 after a rollback.", f"max(watchdog_auto_deploy_pinned{{{OURS}}}) or vector(0)"
        ),
        number("Rollbacks, 30 days", "Requested.", f"max(watchdog_rollbacks_30d{{{OURS}}})"),
        Panel("Mode", "What it may do.", {"{{mode}}": f"watchdog_mode_info{{{OURS}}}"}, kind="stat", width=6),
        Panel(
            "Phase",
            "Where an incident stands.",
            {"{{phase}}": f"watchdog_service_phase{{{OURS}}} == 1"},
            kind="stat",
            width=6,
        ),
        Panel(
            "Failing share by signal",
            "Bad readings of good and bad ones.",
            {"{{signal}}": SHARE.format("signal", f"{OURS}, ")},
            unit="percentunit",
        ),
        Panel(
            "Duration of a probe, 95th percentile",
            "From the connection to the end of the answer.",
            {"{{signal}}": quantile(0.95, "watchdog_probe_duration_seconds", ", signal", OURS)},
            unit="s",
        ),
        Panel(
            "Duration of a probe, median",
            "The same, of half of them.",
            {"{{signal}}": quantile(0.5, "watchdog_probe_duration_seconds", ", signal", OURS)},
            unit="s",
        ),
        Panel(
            "Unknown readings",
            "A second: what could not be read is no evidence.",
            {"{{signal}}": f'sum by (signal) (rate(watchdog_probe_total{{{OURS}, outcome="unknown"}}{RATE}))'},
        ),
        Panel(
            "Decisions",
            "In the day before.",
            {"{{course}}": f"sum by (course) (increase(watchdog_decisions_total{{{OURS}}}[1d]))"},
        ),
        Panel(
            "Rollbacks by outcome",
            "In the day before.",
            {"{{outcome}}": f"sum by (outcome) (increase(watchdog_rollbacks_total{{{OURS}}}[1d]))"},
        ),
    ),
    MappingProxyType({"service": "label_values(watchdog_mode_info, service)"}),
)
ITSELF = Dashboard(
    "watchdog-itself",
    "Watchdog: itself",
    "Whether the watchdog is well: its workers, its probes' pace, its store, its ways to people.",
    (
        number("Workers", "Living ones.", "max(watchdog_workers)", bad_below=1),
        number("Healthy", "1 while every worker finds itself so.", "min(watchdog_up)", bad_below=1),
        number("Blind", "Workers that cannot see.", "sum(watchdog_blind)", bad_above=1),
        number(
            "Actions paused or disabled",
            "Then nothing is changed.",
            "max(watchdog_paused) + max(watchdog_disarmed)",
            bad_above=1,
        ),
        number("Store", "1 while it takes records.", "min(watchdog_store_up)", bad_below=1),
        number("Notices no one has", "No channel delivered them.", "sum(watchdog_pages_unheard)", bad_above=1),
        Panel(
            "Probes begin late, 99th percentile",
            "Above a second the machine is too small, or probes are too many.",
            {"{{instance}}": quantile(0.99, "watchdog_probe_lateness_seconds", ", instance")},
            unit="s",
        ),
        Panel(
            "Probes under way, skipped, void",
            "Skipped: the one before still runs. Void: it spanned a stall of the daemon.",
            {
                "under way": "sum(watchdog_probes_in_flight)",
                "skipped a second": f"sum(rate(watchdog_probes_skipped_total{RATE}))",
                "void a second": f"sum(rate(watchdog_probes_void_total{RATE}))",
            },
        ),
        Panel("Processor", "Seconds of a core, a second.", {"{{instance}}": f"rate(process_cpu_seconds_total{RATE})"}),
        Panel("Memory", "Resident.", {"{{instance}}": "process_resident_memory_bytes"}, unit="bytes"),
        Panel("Event loop wakes late", "The last time.", {"{{instance}}": "watchdog_loop_lag_seconds"}, unit="s"),
        Panel(
            "Faults",
            "Of tasks, and of the store, a second.",
            {
                "task {{task}}": f"sum by (task) (rate(watchdog_errors_total{RATE}))",
                "store": f"sum(rate(watchdog_store_errors_total{RATE}))",
            },
        ),
        Panel(
            "Notices by channel",
            "In the hour before, by what came of them.",
            {"{{channel}} {{outcome}}": "sum by (channel, outcome) (increase(watchdog_pages_total[1h]))"},
        ),
        Panel("Channels", "0: it takes no notices.", {"{{channel}}": "min by (channel) (watchdog_channel_up)"}),
        Panel(
            "Since the last heartbeat",
            "A dead man's switch rings when it is not reached for its own time.",
            {"{{switch}}": "time() - max by (switch) (watchdog_heartbeat_last_success_timestamp_seconds)"},
            unit="s",
        ),
        Panel(
            "Steps recorded",
            "A second; dropped ones are missing in a replay.",
            {"{{outcome}}": f"sum by (outcome) (rate(watchdog_recorded_steps_total{RATE}))"},
        ),
    ),
)
DELIVERY = Dashboard(
    "watchdog-delivery",
    "Watchdog: delivery",
    "How changes and their repair went over 30 days: the numbers of `watchdog report stats`.",
    (
        number(
            "Changes at fault", "Of those seen going live.", "avg(watchdog_change_failure_ratio)", unit="percentunit"
        ),
        number("Time to restore", "Mean, from onset.", "avg(watchdog_time_to_restore_seconds)", unit="s"),
        number("Time to detect", "Mean, from onset to decision.", "avg(watchdog_time_to_detect_seconds)", unit="s"),
        number("Time to acknowledge", "Mean, to a human act.", "avg(watchdog_time_to_acknowledge_seconds)", unit="s"),
        number("Rollbacks", "Requested.", "sum(watchdog_rollbacks_30d)"),
        number("Follow-ups overdue", "After incidents.", "max(watchdog_followups_overdue)", bad_above=1),
        Panel(
            "Changes at fault by service",
            "Over 30 days.",
            {"{{service}}": "watchdog_change_failure_ratio"},
            unit="percentunit",
        ),
        Panel(
            "Time to restore by service",
            "Mean over 30 days.",
            {"{{service}}": "watchdog_time_to_restore_seconds"},
            unit="s",
        ),
        Panel(
            "From onset to decision",
            "Of the incidents of the last day.",
            of_a_day("watchdog_detection_delay_seconds"),
            unit="s",
        ),
        Panel(
            "From onset to restored",
            "Of the incidents of the last day.",
            of_a_day("watchdog_restore_seconds"),
            unit="s",
        ),
        Panel(
            "Open follow-ups",
            "And those overdue.",
            {"open": "max(watchdog_followups_open)", "overdue": "max(watchdog_followups_overdue)"},
        ),
        Panel("Rollbacks by service", "Over 30 days.", {"{{service}}": "watchdog_rollbacks_30d"}),
    ),
)
DASHBOARDS = (FLEET, SERVICE, ITSELF, DELIVERY)
