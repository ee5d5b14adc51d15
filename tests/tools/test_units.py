"""Units as people name them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_tools import units
from omni_tools.units import convert_units

from omni_agent.errors import ToolError

Run = Callable[..., str]
generated = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def test_schemas(examine: Callable[..., None]) -> None:
    examine(units, {"convert_units": "read"})


@pytest.mark.parametrize(
    ("value", "source", "target", "answer"),
    [
        (5, "miles", "km", "5 miles is 8.04672 km."),
        (6, "feet", "cm", "6 feet is 182.88 cm."),
        (1, "in", "cm", "1 in is 2.54 cm."),
        (1, "mile", "feet", "1 mile is 5280 feet."),
        (1, "nautical mile", "km", "1 nautical mile is 1.852 km."),
        (70, "kg", "lbs", "70 kg is about 154.32 lbs."),
        (1, "kilos", "Grams", "1 kilos is 1000 Grams."),
        (1, "tonne", "kg", "1 tonne is 1000 kg."),
        (11, "stone", "pounds", "11 stone is 154 pounds."),
        (2, "cups", "ml", "2 US cups is about 473.18 ml."),
        (1, "metric cup", "ml", "1 metric cup is 250 ml."),
        (3, "tbsp", "tsp", "3 tbsp is 9 tsp."),
        (8, "oz", "ml", "8 US oz is about 236.59 ml."),
        (8, "oz", "g", "8 oz is about 226.8 g."),
        (1, "gallon", "litres", "1 US gallon is about 3.7854 litres."),
        (1, "uk gallon", "liters", "1 uk gallon is 4.54609 liters."),
        (98.6, "°F", "°C", "98.6 F is 37 C."),
        (0, "celsius", "Fahrenheit", "0 celsius is 32 Fahrenheit."),
        (-40, "degrees C", "degrees F", "-40 C is -40 F."),
        (0, "C", "K", "0 C is 273.15 K."),
        (100, "km/h", "mph", "100 km/h is about 62.137 mph."),
        (36, "kilometers per hour", "m/s", "36 kilometers per hour is 10 m/s."),
        (90, "minutes", "hours", "90 minutes is 1.5 hours."),
        (2, "weeks", "days", "2 weeks is 14 days."),
        (1, "decade", "years", "1 decade is 10 years."),
        (1, "hectare", "m²", "1 hectare is 10000 m²."),
        (50, "square meters", "sq ft", "50 square meters is about 538.2 sq ft."),
        (1, "cubic meter", "liters", "1 cubic meter is 1000 liters."),
        (1, "GB", "MB", "1 GB is 1000 MB."),
        (1, "GiB", "bytes", "1 GiB is 1073741824 bytes."),
        (8, "Mb", "MB", "8 Mb is 1 MB."),
        (100, "Mbps", "MB/s", "100 Mbps is 12.5 MB/s."),
        (2000, "kcal", "kJ", "2000 kcal is 8368 kJ."),
        (1, "kWh", "joules", "1 kWh is 3600000 joules."),
        (30, "psi", "bar", "30 psi is about 2.0684 bar."),
        (1, "atm", "hPa", "1 atm is 1013.25 hPa."),
        (0.1, "m", "cm", "0.1 m is 10 cm."),
        (1e30, "m", "km", "1 times 10 to the power of 30 m is 1 times 10 to the power of 27 km."),
    ],
)
def test_conversions(run: Run, value: float, source: str, target: str, answer: str) -> None:
    assert run(convert_units, value=value, from_unit=source, to_unit=target) == answer


@pytest.mark.parametrize(
    ("value", "source", "target", "why"),
    [
        (5, "km", "kg", "km cannot be converted to kg: they measure different things"),
        (1, "cup", "gram", "they measure different things"),
        (1, "byte", "degrees", "they measure different things"),
        (1, "Mbps", "hertz", "they measure different things"),
        (5, "dollars", "euros", "no exchange rates"),
        (5, "£", "kg", "no exchange rates"),
        (1, "bananas", "km", "'bananas' is not known"),
        (1, "killometers", "miles", "Did you mean kilometers"),
        (1, "", "m", "not known"),
        (1, "m ** 999999999", "m", "not known"),
        (1, "__class__", "m", "not known"),
        (1, "m" * 5000, "m", "not known"),
        (-300, "celsius", "kelvin", "below absolute zero"),
        (float("nan"), "m", "km", "must be a number"),
        (float("inf"), "m", "km", "must be a number"),
    ],
)
def test_what_cannot_be_converted_is_refused(
    run: Run, value: float, source: str, target: str, why: str
) -> None:
    with pytest.raises(ToolError) as caught:
        run(convert_units, value=value, from_unit=source, to_unit=target)
    assert why in str(caught.value)


def figure(answer: str, unit: str) -> float:
    text = answer.rsplit(" is ", 1)[1].removeprefix("about ").removesuffix(f" {unit}.")
    mantissa, _, power = text.partition(" times 10 to the power of ")
    return float(mantissa) * 10.0 ** int(power or 0)


@given(
    value=st.floats(0.001, 1e6),
    pair=st.sampled_from(
        [
            ("miles", "km"),
            ("kg", "lbs"),
            ("liters", "uk pints"),
            ("hours", "weeks"),
            ("psi", "bar"),
            ("mph", "m/s"),
        ]
    ),
)
@generated
def test_there_and_back_is_the_same(run: Run, value: float, pair: tuple[str, str]) -> None:
    there = figure(run(convert_units, value=value, from_unit=pair[0], to_unit=pair[1]), pair[1])
    back = figure(run(convert_units, value=there, from_unit=pair[1], to_unit=pair[0]), pair[0])
    assert back == pytest.approx(value, rel=1e-3)


@given(source=st.text(max_size=12), target=st.sampled_from(["km", "kg", "C", "GB", "m/s"]))
@generated
def test_any_name_is_a_unit_or_a_tool_error(run: Run, source: str, target: str) -> None:
    with suppress(ToolError):
        assert " is " in run(convert_units, value=1, from_unit=source, to_unit=target)


def test_the_tables_are_not_loaded_before_they_are_needed() -> None:
    code = "import sys, omni_tools.units, omni_tools.clock; print({'pint', 'dateutil'} & set(sys.modules))"
    environment_path = ":".join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": environment_path},
        timeout=60,
    )
    assert done.stdout.strip() == "set()"
