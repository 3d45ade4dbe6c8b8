"""What a code means for the reader of a report: the phase it belongs to, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass

from guestwright.exit_codes import ExitCode


@dataclass(frozen=True)
class Advice:
    """What to do about an error code.

    Attributes:
        phase: the phase of the session in which the error arises; empty where it can be any.
        next_step: what to do, in one or two sentences.
        ours: True where the run itself went wrong, and not what it did on the guest.
    """

    phase: str
    next_step: str
    ours: bool = False


ADVICE: dict[str, Advice] = {
    "no_route": Advice(
        "prepare",
        "Check that the guest is up and that the ports `guestwright plan` lists are open from its deployer, "
        "then run the job again with `--limit` for this guest.",
    ),
    "link_lost": Advice(
        "",
        "The connection broke and the permitted reconnects were used up. Check the network between the deployer and "
        "the guest; `network.guest_reconnects` sets how often it is tried again. "
        "`guestwright cleanup --orphans` finishes what the lost connection left open.",
    ),
    "connection_error": Advice(
        "",
        "Ansible could not use the connection: the message says why. `ansible -i INVENTORY GUEST -m ping` from the "
        "backup server must succeed first.",
    ),
    "no_answer": Advice(
        "",
        "The components on the guest ended without an answer; the message holds what they said last. Look at memory, "
        "free space under `/run` and security software on the guest.",
    ),
    "not_prepared": Advice(
        "prepare",
        "The components were not deployed, so nothing was frozen and nothing backed up. Mend what `prepare` reported.",
    ),
    "group_failed": Advice(
        "",
        "Another guest of the consistency group failed, so none of them was backed up. Mend that one, or set "
        "`ignore_failures` for it.",
    ),
    "unsupported_method": Advice(
        "prepare",
        "This version cannot use persistent components in a run. Uninstall them from the guest to get runtime "
        "components, or set `application_processing: disabled` for it.",
    ),
    "helper_lost": Advice(
        "",
        "The Guest Helper ended before it answered; its watchdog thaws what it froze. Look in the guest's log for what "
        "ended it: memory, security software, or a reboot.",
    ),
    "helper_not_running": Advice(
        "",
        "Nothing answers on the guest any more: the helper has ended, or its time to live is over. "
        "`components.time_to_live` must be longer than the session.",
    ),
    "helper_start_failed": Advice(
        "prepare",
        "The Guest Helper was started but did not answer. Look in the guest's log for what stops it: memory, load or "
        "security software.",
    ),
    "registry_damaged": Advice(
        "prepare",
        "The guest's record of its persistent components cannot be read. Reinstall them, or remove the file that the "
        "message names where none is installed.",
    ),
    "unsafe_directory": Advice(
        "prepare",
        "Somebody other than root made, or can write to, a folder that must be root's own. Find out who, remove the "
        "folder, and run the job again.",
    ),
    "deployment_failed": Advice(
        "prepare",
        "The components could not be written. Look for free space and write access under `/run` on the guest.",
    ),
    "not_deployed": Advice(
        "",
        "The components were gone when they were needed. Look for what cleans `/run` on the guest, or whether it was "
        "restarted; `components.time_to_live` must be longer than the session.",
    ),
    "busy": Advice(
        "",
        "Another operation holds the session on the guest. Run the job again when it has ended.",
    ),
    "cancelled": Advice(
        "freeze",
        "The freeze was given up before it was complete, because its session was released. Run the job again.",
    ),
    "not_root": Advice(
        "prepare",
        "The components need root. Log in as root, or set `ansible_become: true` for this guest in the inventory.",
    ),
    "become_refused": Advice(
        "prepare",
        "Give the login the right to become root with sudo, with or without a password; `su` is not supported.",
    ),
    "become_failed": Advice(
        "prepare",
        "Check `ansible_become_password` and the sudo rules for this login: `sudo -v` as that user must succeed.",
    ),
    "tty_required": Advice(
        "prepare",
        "sudo on the guest asks for a terminal. Remove `requiretty` from its sudoers for this login "
        "(`Defaults:LOGIN !requiretty`).",
    ),
    "python_missing": Advice(
        "prepare",
        "Install Python 3.8 or newer on the guest, or point `ansible_python_interpreter` at the one that is there.",
    ),
    "payload_damaged": Advice(
        "prepare",
        "The components arrived with another checksum than they were sent with. Run the job again; if it repeats, "
        "look for a login script or banner that writes into the connection.",
    ),
    "unsupported_os": Advice(
        "prepare",
        "There are no components for this operating system. Check `guestwright_os`, or set "
        "`application_processing: disabled` for this guest.",
    ),
    "method_fails": Advice(
        "prepare",
        "The decision trace shows the question that ended it. Open the missing route, or change "
        "`use_persistent_guest_agent`, `method` or `routes` for this guest; "
        "`guestwright plan --assume` shows the effect.",
    ),
    "freeze_refused": Advice(
        "freeze",
        "A file system must not or cannot be frozen; the message names it and says why. Remove it from "
        "`applications.filesystems` of this guest.",
    ),
    "freeze_failed": Advice(
        "freeze",
        "The kernel did not freeze the file system. Look at the guest's kernel log, and whether something else "
        "holds a freeze on it.",
    ),
    "freeze_expired": Advice(
        "thaw",
        "The snapshot took longer than the freeze may last, so the guest thawed itself and the snapshot is only "
        "crash-consistent. Speed the snapshot up, or raise `freeze_timeout`.",
    ),
    "script_refused": Advice(
        "freeze",
        "Script files on the guest must exist, belong to root and not be writable by others. Correct owner and mode.",
    ),
    "script_failed": Advice(
        "freeze",
        "Run the script by hand on the guest and mend it, or set `scripts.mode: ignore_failures` if the backup is "
        "good without it.",
    ),
    "script_timeout": Advice(
        "freeze",
        "The script was stopped at its time limit. Find out what it waits for, or raise `scripts.timeout`.",
    ),
    "snapshot_failed": Advice(
        "snapshot",
        "Run `session.snapshot.command` by hand on the backup server; the message ends with its standard error.",
    ),
    "snapshot_timeout": Advice(
        "snapshot",
        "The snapshot command was stopped at its time limit. Make it faster, or raise `session.snapshot.timeout`; "
        "keep it below `freeze_timeout`.",
    ),
    "backup_failed": Advice(
        "backup",
        "Run `session.backup.command` by hand on the backup server; the message ends with its standard error.",
    ),
    "backup_timeout": Advice(
        "backup",
        "The backup command was stopped at its time limit. Find out what it waits for, or raise "
        "`session.backup.timeout`.",
    ),
    "leftovers": Advice(
        "release",
        "Run `guestwright cleanup --orphans -i INVENTORY`. If something is still listed after it, remove it by hand: "
        "the list names everything that was found.",
    ),
    "run_ended": Advice(
        "",
        "Ansible ended before this guest was done. The run's log says why; "
        "`guestwright cleanup --orphans -i INVENTORY` makes sure that nothing is left on the guest.",
        ours=True,
    ),
    "no_final_result": Advice(
        "",
        "The run ended without a final result for this guest, so it counts as failed. "
        "`guestwright cleanup --orphans -i INVENTORY` makes sure that nothing is left on the guest.",
        ours=True,
    ),
    "interrupted": Advice(
        "",
        "The run was stopped before this guest was done. Run the job again, with `--limit` for the guests that "
        "were not processed.",
        ours=True,
    ),
    **dict.fromkeys(
        (
            "internal",
            "internal_error",
            "invalid_request",
            "operation_conflict",
            "protocol_mismatch",
            "session_mismatch",
            "unknown_verb",
        ),
        Advice(
            "",
            "This is a fault of guestwright itself. Please report it with its log, without what is private in it.",
            ours=True,
        ),
    ),
}

GENERIC = Advice(
    "",
    "Read the message and the run's log. Run the job again with `--limit` for this guest once the cause is mended.",
)

EXIT_CODE_MEANINGS: dict[ExitCode, str] = {
    ExitCode.SUCCESS: "nothing failed",
    ExitCode.INTERNAL_ERROR: "the run itself went wrong",
    ExitCode.CHANGES_PENDING: "a check run found changes to make",
    ExitCode.INVALID: "the job or the inventory is not valid",
    ExitCode.GUEST_FAILED: "at least one guest failed",
    ExitCode.NO_ROUTE: "at least one guest failed because no route to it answered",
    ExitCode.LEFTOVERS: "something of ours was left on a guest, or that could not be ruled out",
    ExitCode.DEGRADED: "at least one guest is degraded, and the run was told to fail on that",
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.INTERRUPTED: "the run was interrupted, and cleaned up after itself",
}


def advice_for(code: str) -> Advice:
    """Return what to do about an error code; a general answer for a code that has none of its own."""
    return ADVICE.get(code, GENERIC)
