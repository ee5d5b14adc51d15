"""Encoded media as the keyword arguments of the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .libraries import library

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .encoding import Placed


def tensors(placed: Iterable[Placed], device: Any, dtype: Any) -> dict[str, Any]:
    """The media as the keyword arguments that both thinkers know.

    Args:
        placed: Which of them, in their order; none gives nothing.
        device: Where they go.
        dtype: Of the spectra and patches.
    """
    torch = library("torch")
    items = [item.encoded for item in placed]
    spectra = [item.values if item.hears else item.heard for item in items]
    made = _sounds([spectrum for spectrum in spectra if spectrum is not None], device, dtype)
    for kind, values, grid in (
        ("picture", "pixel_values", "image_grid_thw"),
        ("film", "pixel_values_videos", "video_grid_thw"),
    ):
        if shown := [item for item in items if item.kind == kind]:
            made[values] = torch.cat([item.values for item in shown]).to(device, dtype)
            made[grid] = torch.cat([item.grid for item in shown]).to(device)
    return made


def times(placed: Iterable[Placed], device: Any) -> dict[str, Any]:
    """What positions need to know of films besides; nothing where there is none.

    Returns:
        `video_second_per_grid`, (films,), and `use_audio_in_video`, true where they have sound.
    """
    films = [item.encoded for item in placed if item.encoded.kind == "film"]
    if not films:
        return {}
    return {
        "video_second_per_grid": library("torch").tensor([film.seconds for film in films], device=device),
        "use_audio_in_video": any(film.heard is not None for film in films),
    }


def _sounds(spectra: list[Any], device: Any, dtype: Any) -> dict[str, Any]:
    if not spectra:
        return {}
    torch = library("torch")
    longest = max(spectrum.shape[1] for spectrum in spectra)
    mask = torch.zeros(len(spectra), longest, dtype=torch.long)
    padded = torch.zeros(len(spectra), spectra[0].shape[0], longest)
    for row, spectrum in enumerate(spectra):
        padded[row, :, : spectrum.shape[1]] = spectrum
        mask[row, : spectrum.shape[1]] = 1
    return {"input_features": padded.to(device, dtype), "feature_attention_mask": mask.to(device)}
