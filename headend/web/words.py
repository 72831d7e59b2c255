"""How pages say things: instants, lengths and states as people here write them."""

import re
from datetime import date, datetime

from headend.domain import times
from headend.domain.bulletin import BulletinState
from headend.domain.delivery import DeliveryState
from headend.domain.session import SessionState
from headend.domain.times import from_ms, hanoi, to_ms
from protocol import civil
from protocol.messages import Telemetry

WEEKDAYS = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")

# State → (shape, colour). No two states of one kind share a shape: colour is never the only sign.
LOOKS: dict[str, tuple[str, str]] = {
    **{f"delivery.{state}": look for state, look in {
        DeliveryState.ORDERED: ("ring", "quiet"), DeliveryState.RECEIVED: ("target", "info"),
        DeliveryState.READY: ("disc", "info"), DeliveryState.PLAYING: ("sound", "sun"),
        DeliveryState.PLAYED: ("check", "good"), DeliveryState.STOPPED: ("square", "bad"),
        DeliveryState.MISSED: ("cross", "bad"), DeliveryState.REFUSED: ("bar", "bad"),
    }.items()},
    **{f"session.{state}": look for state, look in {
        SessionState.PLANNED: ("ring", "quiet"), SessionState.APPROVED: ("target", "info"),
        SessionState.SEALED: ("disc", "info"), SessionState.ON_AIR: ("sound", "sun"),
        SessionState.DONE: ("check", "good"), SessionState.REFUSED: ("bar", "bad"),
        SessionState.WITHDRAWN: ("square", "quiet"),
    }.items()},
    **{f"bulletin.{state}": look for state, look in {
        BulletinState.DRAFT: ("ring", "quiet"), BulletinState.SUBMITTED: ("target", "sun"),
        BulletinState.APPROVED: ("check", "good"), BulletinState.WITHDRAWN: ("square", "quiet"),
    }.items()},
    "delivery.none": ("dots", "quiet"),
    "pole.online": ("disc", "good"), "pole.offline": ("cross", "bad"), "pole.unknown": ("dots", "quiet"),
    "pole.suspended": ("square", "quiet"),
    "step.open": ("dots", "quiet"), "step.now": ("target", "sun"), "step.done": ("check", "good"),
    "step.failed": ("cross", "bad"),
}

CLUSTER = "Cụm loa "


def place(name: str) -> str:
    """A cluster's name where the page already says that it is one."""
    return name.removeprefix(CLUSTER)


# The words that poles use in receipts (firmware/app) → ours.
WHY = {
    "order": "theo lệnh dừng", "restart": "cụm loa vừa khởi động lại", "off": "cụm loa không chạy lúc đó",
    "no_clock": "chưa có giờ chuẩn", "no_audio": "chưa tải đủ tiếng", "late": "lỡ giờ", "law": "trái quy định",
    "length": "quá thời lượng cho phép", "interrupted": "nhường tin khẩn cấp",
    "clock": "giờ của cụm loa vừa được chỉnh", "memory": "cụm loa mất sổ, không phát lại buổi cũ",
    "size": "lệnh dài quá sức cụm loa", "error": "cụm loa không đọc được lệnh",
    "panel": "nút DỪNG tại cụm loa",
}

# What poles feel of themselves (protocol.felt) → ours; {} is the number of a horn.
FELT = {
    "mains_lost": "mất điện lưới", "mains_back": "có điện lưới trở lại",
    "cabinet_opened": "tủ bị mở", "cabinet_closed": "tủ đã đóng",
    "horn_open": "loa {} đứt dây", "horn_short": "loa {} chập dây", "horn_weak": "loa {} yếu tiếng",
    "horn_fine": "loa {} đã bình thường", "amp_dead": "âm ly không ra tiếng", "amp_fine": "âm ly đã bình thường",
    "battery_weak": "pin yếu", "battery_fine": "pin đã bình thường", "checked": "đã tự kiểm tra",
    "key_stop": "có người bấm nút DỪNG", "key_alarm": "có người bấm nút BÁO ĐỘNG",
    "alarm_over": "báo động tại chỗ đã dứt",
}
UNHEARD_PERMILLE, WELL_HEARD_PERMILLE = 100, 800


def felt(kind: str, horn: int | None = None) -> str:
    """loa 2 đứt dây"""
    return " ".join(FELT.get(kind, kind).format("" if horn is None else horn).split())


def fault(word: str) -> str:
    """The same for a word of a telemetry's `faults`: "horn_open 2"."""
    kind, _, horn = word.partition(" ")
    return felt(kind, int(horn) if horn.isdecimal() else None)


# What a pole's test of itself came to (firmware/app/checks.py) → ours.
CHECKS = {"horns": "thử loa", "battery": "thử pin", "calibrate": "hiệu chuẩn"}
CAME_TO = {
    "fine": "tốt", "done": "đã xong", "none": "không có pin", "weak": "pin yếu", "low": "pin cạn, phải dừng sớm",
    "no mains to take off": "đang mất điện lưới", "no time for it": "một giờ liền không có lúc rảnh",
    "nothing to feel with": "cụm không có cảm biến", "no horn is measured": "cụm không đo được loa nào",
    "a horn or the amplifier takes no current": "có loa hoặc âm ly không có dòng điện",
    "not now, T-15": "đang giờ yên tĩnh (T-15)", "not now, P-04": "cụm đang tạm dừng (P-04)",
}
BATTERY = re.compile(r"(\w+), sag (\d+) mV, (\d+) min")


def checked(why: str) -> str:
    """thử loa: loa 2 đứt dây; thử pin: tốt, sụt 0,1 V, còn 12 giờ. What is not known stays as it is."""
    what, _, came = why.partition(": ")
    if battery := BATTERY.fullmatch(came):
        told = f"{CAME_TO.get(battery[1], battery[1])}, sụt {volts(int(battery[2]))}, còn {hours(int(battery[3]))}"
    else:
        told = CAME_TO.get(came) or ", ".join(map(fault, came.split(", ")))
    return f"{CHECKS.get(what, what)}: {told}"


def heard(permille: int) -> str:
    """loa có tiếng 98 %"""
    return "không nghe thấy tiếng" if permille < UNHEARD_PERMILLE else f"loa có tiếng {permille // 10} %"


def ill_heard(permille: int) -> bool:
    """Whether somebody should look after it."""
    return permille < WELL_HEARD_PERMILLE


UPLINKS = {"lan": "dây mạng", "wifi": "Wi-Fi", "4g": "4G"}


def uplink(told: Telemetry) -> str:
    """4G Viettel, SIM …4567, lúc quay số -73 dBm"""
    name = " ".join(filter(None, (UPLINKS.get(told.uplink, told.uplink), told.operator)))
    signal = "" if told.dial_dbm is None else f"lúc quay số {told.dial_dbm} dBm"
    if told.rssi_dbm is not None:
        signal = f"{told.rssi_dbm} dBm"
    return ", ".join(filter(None, (name, told.sim and f"SIM …{told.sim}", signal)))


def hours(minutes: int) -> str:
    """12 giờ"""
    return f"{minutes // 60} giờ" if minutes >= 60 else f"{minutes} phút"


def volts(mv: int) -> str:
    """12,7 V"""
    return f"{_comma(mv / 1000, 1)} V"


def why(note: str) -> str:
    """What a pole said, in our words; a rule's id or a text that is not in the list stays as it is."""
    return WHY.get(note, note)


def look(kind: str, state: str) -> tuple[str, str]:
    """(shape, colour) of a state; KeyError for one that nobody drew."""
    return LOOKS[f"{kind}.{state}"]


def minute(at: datetime) -> str:
    """08:30"""
    return f"{hanoi(at):%H:%M}"


def second(at: datetime) -> str:
    """08:30:05"""
    return f"{hanoi(at):%H:%M:%S}"


def weekday(at: datetime) -> str:
    """thứ hai"""
    return WEEKDAYS[hanoi(at).weekday()]


def day(at: datetime) -> str:
    """thứ hai, 24/11/2025"""
    return f"{weekday(at)}, {hanoi(at):%d/%m/%Y}"


def civil_date(of: date) -> str:
    """24/11/2025"""
    return f"{of:%d/%m/%Y}"


def date_in_url(at: datetime) -> str:
    """2025-11-24"""
    return f"{hanoi(at):%Y-%m-%d}"


def moment(at: datetime) -> str:
    """08:30 thứ hai, 24/11/2025"""
    return f"{minute(at)} {day(at)}"


def started(started_us: int) -> str:
    """08:30:00,012: when the first sample left, to the nearest millisecond."""
    ms = (started_us + 500) // 1000
    return f"{second(from_ms(ms))},{ms % 1000:03d}"


def error(started_us: int, start_at: datetime) -> str:
    """+12 ms: how far the first sample was from the planned instant."""
    off_us = started_us - to_ms(start_at) * 1000
    if abs(off_us) >= 10_000_000:
        return f"{_sign(off_us)}{lasting(abs(off_us) // 1000)}"
    digits = 2 if abs(off_us) < 1_000 else 1 if abs(off_us) < 10_000 else 0
    return f"{_sign(off_us)}{_comma(abs(off_us) / 1000, digits)} ms"


def _sign(number: int) -> str:
    return "−" if number < 0 else "+" if number else ""


def _comma(number: float, digits: int) -> str:
    return f"{number:.{digits}f}".replace(".", ",")


def lasting(ms: int) -> str:
    """1 phút 05 giây"""
    return times.lasting(round(ms / 1000))


def short(ms: int) -> str:
    """1:05"""
    seconds = round(ms / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


def lufs(loudness: float) -> str:
    """−16,0 LUFS"""
    return f"{_comma(loudness, 1).replace('-', '−')} LUFS"


def clock_ms(at: datetime) -> int:
    """Unix ms, for scripts."""
    return to_ms(at)


def across_day(at: datetime) -> str:
    """Where an instant is on the band of the day, 05:00–21:00, as a percentage."""
    return minute_across((to_ms(at) + civil.OFFSET_MS) % civil.DAY_MS / civil.MINUTE_MS)


def minute_across(minute_of_day: float) -> str:
    """The same of a minute of the day."""
    first, last = civil.HALF_DAYS[0][1], civil.HALF_DAYS[-1][2]
    part = (minute_of_day - first) / (last - first)
    return f"{100 * min(max(part, 0.0), 1.0):.2f}%"
