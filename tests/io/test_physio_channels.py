import pytest

from mmme_neuro.io.physio_channels import describe_channels
from mmme_neuro.simulate.files.acqknowledge_file import LABELS, UNITS


def test_the_17_channels_of_the_export():
    channels = describe_channels(LABELS, UNITS)
    assert [channel.name for channel in channels] == [
        *"PPG RSP EMG_A SKT_A EDA ECG EMG_B SKT_B D0 D1 D2 D3 D4 D5 D6 D7".split(),
        "ECG rate (.5 - 35 Hz)",
    ]
    assert [channel.kind for channel in channels] == [
        *"bio resp emg temperature gsr ecg emg temperature".split(),
        *["stim"] * 8,
        "misc",
    ]


@pytest.mark.parametrize(
    ("label", "name", "kind"),
    [
        ("EKG - ERS100C", "ECG", "ecg"),
        ("RESP - RSP100C", "RSP", "resp"),
        ("EDA - GSR100C", "EDA", "gsr"),
        ("EDA (0 - 35 Hz)", "EDA", "gsr"),
        ("EDA filtered, differentiated", "EDA filtered, differentiated", "misc"),
        ("ECG rate (.5 - 35 Hz)", "ECG rate (.5 - 35 Hz)", "misc"),
        ("Biopac EDA", "EDA", "gsr"),
        ("CH1 ECG", "ECG", "ecg"),
        ("2: EKG", "ECG", "ecg"),
        ("A3 - Galvanic skin response", "EDA", "gsr"),
        ("Thorax", "RSP", "resp"),
        ("Photoplethysmogram", "PPG", "bio"),
        ("CH1 ECG rate", "CH1 ECG rate", "misc"),
        ("STP Input 3", "D3", "stim"),
        ("Digital input 5", "D5", "stim"),
        ("SKT B, X, SKT2-R", "SKT_B", "temperature"),
        ("EMG (30 - 500 Hz)", "EMG", "emg"),
        ("respiratory", "RSP", "resp"),
        ("CH4 Input", "CH4 Input", "misc"),
        ("Photosensor", "Photosensor", "misc"),
        ("", "", "misc"),
    ],
)
def test_names_and_types_by_label(label, name, kind):
    unit = {"ecg": "mV", "emg": "mV", "gsr": "uS", "temperature": "Deg. C"}.get(kind, "Volts")
    (channel,) = describe_channels([label], [unit])
    assert (channel.name, channel.kind) == (name, kind)


@pytest.mark.parametrize(
    ("label", "unit", "value", "expected"),
    [
        ("ECG", "mV", 1.5, 1.5e-3),
        ("ECG", "Volts", 1.5, 1.5),
        ("EMG", "µV", 3.0, 3e-6),
        ("EMG", "microvolts", 3.0, 3e-6),
        ("EDA", "microsiemens", 4.9, 4.9e-6),
        ("EDA", "microsiemen", 4.9, 4.9e-6),
        ("EDA", "μsiemens", 4.9, 4.9e-6),
        ("EDA", "uS", 4.9, 4.9e-6),
        ("EDA", "umho", 4.9, 4.9e-6),
        ("EDA", "mS", 0.0049, 4.9e-6),
        ("SKT", "Deg. C", 33.0, 33.0),
        ("SKT", "degrees F", 91.4, 33.0),
        ("SKT", "Deg. F", 32.0, 0.0),
        ("SKT", "°C", 33.0, 33.0),
        ("PPG", "Volts", 0.2, 0.2),
        ("RSP", "mV", 2.0, 2e-3),
    ],
)
def test_values_become_si(label, unit, value, expected):
    (channel,) = describe_channels([label], [unit])
    assert channel.scale * value + channel.offset == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("label", "unit"), [("EDA", "Volts"), ("SKT", "mV"), ("ECG", "")])
def test_impossible_units_are_kept_with_a_warning(label, unit):
    with pytest.warns(UserWarning, match=f"'{label}': unit '{unit}'"):
        (channel,) = describe_channels([label], [unit])
    assert (channel.scale, channel.offset) == (1.0, 0.0)


def test_several_of_one_kind_get_letters():
    channels = describe_channels(["Temp left", "ECG", "Temp right"], ["C", "mV", "C"])
    assert [channel.name for channel in channels] == ["SKT_A", "ECG", "SKT_B"]


def test_given_types_decide():
    channels = describe_channels(
        ["CH4 Input", "GSR raw", "Light", "PPG, X, PPGED-R"],
        ["uS", "V", "V", "V"],
        channel_types={"CH4 Input": "gsr", "GSR raw": "misc", "Light": "stim"},
    )
    assert [channel.name for channel in channels] == ["EDA", "GSR raw", "Light", "PPG"]
    assert [channel.kind for channel in channels] == ["gsr", "misc", "stim", "bio"]
    assert channels[0].scale == 1e-6


def test_wrong_overrides_are_refused():
    with pytest.raises(ValueError, match=r"\['CH9'\] not among \['ECG'\]"):
        describe_channels(["ECG"], ["V"], channel_types={"CH9": "gsr"})
    with pytest.raises(ValueError, match="eda"):
        describe_channels(["ECG"], ["V"], channel_types={"ECG": "eda"})
