"""Sweeps: equal to a loop, labelled, resumable, and on a cluster."""

from __future__ import annotations

import builtins
import itertools
import math
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray
from torch import nn

import jacmagic
from jacmagic.errors import OptionError, PointError, SizeError
from jacmagic.sweeps import run
from jacmagic.sweeps.grid import block_shape, blocks

F64 = torch.float64
R, T = [1.0, 2.0, 3.0], [0.0, 0.5, 1.0, 1.5]


def polar(r, t):
    return r * torch.cos(t), r * torch.sin(t)


def expected():
    """Return the loop that a sweep replaces."""
    return np.array(
        [[[[math.cos(t), -r * math.sin(t)], [math.sin(t), r * math.cos(t)]] for t in T] for r in R]
    )


def test_a_product_grid():
    """Names and values span the grid; the answer is labelled."""
    J = jacmagic.sweep(polar, {"r": R, "t": T})
    assert isinstance(J, xarray.DataArray)
    assert J.dims == ("r", "t", "output", "input") and J.shape == (3, 4, 2, 2)
    np.testing.assert_allclose(J.values, expected(), rtol=0, atol=1e-15)
    assert float(J.sel(r=2.0, t=0.5, output="polar1", input="t")) == pytest.approx(
        -2 * math.sin(0.5)
    )
    assert J.attrs == {
        "title": "polar",
        "notes": [],
        "agreement": "a plain backward pass confirms one point in each of 1 blocks",
    }


def test_without_xarray(monkeypatch):
    """Without xarray the result has the same members, its values a tensor."""
    original = builtins.__import__

    def without(name, *rest, **named):
        if name == "xarray":
            raise ImportError(name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    J = jacmagic.sweep(polar, {"r": R, "t": T})
    assert type(J).__name__ == "Sweep" and isinstance(J.values, torch.Tensor)
    assert J.dims == ("r", "t", "output", "input") and J.shape == (3, 4, 2, 2)
    assert J.coords["input"] == ["r", "t"] and J.coords["t"].tolist() == T
    np.testing.assert_allclose(J.values.numpy(), expected(), rtol=0, atol=1e-15)
    assert repr(J) == "Jacobians of polar (r: 3, t: 4, output: 2, input: 2)"


@pytest.mark.parametrize(
    "points",
    [
        torch.tensor([[1.0, 0.5], [2.0, 1.0], [-1.0, 3.0]], dtype=F64),
        [[1.0, 0.5], [2.0, 1.0], [-1.0, 3.0]],
        [torch.tensor([1.0, 0.5]), torch.tensor([2.0, 1.0]), torch.tensor([-1.0, 3.0])],
    ],
)
def test_a_list_of_points(points):
    """An array or a list of points has one axis."""
    J = jacmagic.sweep(lambda x: x.prod() * x, points)
    assert J.dims == ("point", "output", "input") and J.shape == (3, 2, 2)
    a, b = 2.0, 1.0
    np.testing.assert_allclose(J.values[1], [[2 * a * b, a * a], [b * b, 2 * a * b]])


def test_points_of_several_inputs():
    """Tuples in the list, or a tuple of stacks, are points of several inputs."""
    listed = jacmagic.sweep(polar, [(1.0, 0.0), (2.0, 0.5)])
    stacked = jacmagic.sweep(polar, (torch.tensor([1.0, 2.0]), torch.tensor([0.0, 0.5])))
    np.testing.assert_allclose(listed.values[1], expected()[1][1])
    np.testing.assert_allclose(stacked.values, listed.values, rtol=1e-6)


def test_what_stays_fixed():
    """`at` holds arguments; `wrt` says by which to differentiate; defaults stay."""

    def f(x, n=2, k=1.0, scale=3.0):
        return scale * k * x**n

    x = torch.tensor([1.0, 2.0], dtype=F64)
    both = jacmagic.sweep(f, {"k": [1.0, 2.0]}, at={"x": x})
    assert both.shape == (2, 2, 3) and list(both.input.values) == ["x[0]", "x[1]", "k"]
    only = jacmagic.sweep(f, {"k": [1.0, 2.0]}, at={"x": x}, wrt="x")
    np.testing.assert_allclose(only.values[1], np.diag([12.0, 24.0]))


def test_a_module_by_its_parameters():
    """Parameters are shared by all points."""
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh()).double()
    points = torch.rand(3, 2, dtype=F64)
    J = jacmagic.sweep(net, points, wrt="parameters")
    one = jacmagic.jacobian(net, points[2], wrt="parameters")
    np.testing.assert_allclose(J.values[2], one.matrix.numpy(), atol=1e-14)
    assert list(J.input.values) == one.column_labels


def test_short_floats(tmp_path):
    """What NumPy has no dtype for is held as float32, in memory and in a store."""
    points = torch.tensor([1.0, 2.0, 4.0], dtype=torch.bfloat16)
    for store in (None, tmp_path / "short"):
        J = jacmagic.sweep(lambda x: x**2, points, store=store)
        assert J.dtype == np.float32 and J.values.reshape(-1).tolist() == [2, 4, 8]


def test_branches_and_math_and_chunks():
    """Where torch cannot batch, the points are taken one by one and a note says so."""

    def f(x, y):
        return math.sin(x) * y if x > 1 else x * y

    J = jacmagic.sweep(f, {"x": [0.0, 2.0], "y": [1.0, 3.0, 5.0]}, chunk_size=4)
    assert J.values[1, 2].tolist() == [[5 * math.cos(2.0), math.sin(2.0)]]
    assert J.values[0, 1].tolist() == [[3, 0]]
    assert J.attrs["notes"] == [
        "not batched: its control flow depends on the values; computed point by point instead"
    ]


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 100])
def test_blocks_cover_the_grid_once(size):
    """Every point is in exactly one block of at most `size` points."""
    shape = (3, 4, 5)
    part = block_shape(shape, size)
    assert math.prod(part) <= size
    counted = np.zeros(shape, dtype=int)
    for _, block in blocks(shape, part):
        counted[block] += 1
    assert (counted == 1).all()


@pytest.mark.parametrize(
    ("grid", "at", "words"),
    [
        ({"r": R, "s": T}, None, "expected names of arguments, r, t; found 's'"),
        ({"r": R}, None, "found none for t; write at={'t': 1.0}"),
        ({"r": R, "t": 1.0}, None, "expected several values for t; found one"),
        ({"r": R, "t": [[1.0]]}, None, r"expected 1-D values along t; found shape \(1, 1\)"),
        ({"r": R, "t": []}, None, "expected 1-D values along t"),
        ({}, None, "expected at least one axis"),
        ({"r": R, "t": T}, {"t": 1.0}, "t is in the grid and in at"),
        ([(1.0, 2.0), (1.0,)], None, "expected points of equal length"),
        ((torch.ones(2), torch.ones(3)), None, "as many points for every input"),
        ([(1.0, 2.0, 3.0)], None, "points of at most 2 inputs, r, t; found 3 values"),
    ],
)
def test_grids_that_do_not_fit(grid, at, words):
    """One line says what was expected and what to write."""
    with pytest.raises(PointError, match=words):
        jacmagic.sweep(polar, grid, at=at)


def test_a_block_has_at_least_one_point():
    """`chunk_size` is refused as in `jacobian`, before the function runs."""
    with pytest.raises(OptionError, match="greater than 0; found 0"):
        jacmagic.sweep(lambda r: 1 / 0, {"r": R}, chunk_size=0)


def test_too_large_for_memory(monkeypatch):
    """What would not fit is refused before it is computed, unless a store takes it."""
    monkeypatch.setattr("jacmagic.numeric.memory.available", lambda device: 2**20)
    with pytest.raises(SizeError, match=r"a Jacobian that fits into 262\.1 kB was expected"):
        jacmagic.sweep(lambda x: x * torch.ones(100), torch.ones(100_000, 1))


# --- stores -------------------------------------------------------------------------------------


def counted(monkeypatch):
    """How many points each differentiated block had."""
    sizes = []
    original = run.differentiate_block

    def spy(task, stacks):
        sizes.append(len(next(iter(stacks.values()))))
        return original(task, stacks)

    monkeypatch.setattr(run, "differentiate_block", spy)
    return sizes


def test_a_store_is_filled_and_read(tmp_path, monkeypatch):
    """Blocks are on disk; the same call computes nothing; xarray opens it."""
    sizes = counted(monkeypatch)
    path = tmp_path / "polar.zarr"
    J = jacmagic.sweep(polar, {"r": R, "t": T}, store=path, chunk_size=2)
    assert sizes == [2] * 6
    np.testing.assert_allclose(J.values, expected(), atol=1e-15)
    again = jacmagic.sweep(polar, {"r": R, "t": T}, store=path, chunk_size=3)
    assert sizes == [2] * 6 and again.identical(J)
    opened = xarray.open_zarr(path, consolidated=False, chunks=None)["jacobian"]
    np.testing.assert_allclose(opened.sel(r=3.0, t=1.5).values, expected()[2][3])


def test_an_interrupted_sweep_goes_on(tmp_path, monkeypatch):
    """After an exception in the middle, only what is missing is computed."""
    path, sizes, tired = tmp_path / "store", counted(monkeypatch), tmp_path / "tired"
    tired.touch()

    def f(x):
        if tired.exists() and x.ndim == 0 and x > 6:
            raise ZeroDivisionError("the machine is tired")
        return x**2

    grid = {"x": [float(i) for i in range(10)]}
    with pytest.raises(ZeroDivisionError, match="tired"):
        jacmagic.sweep(f, grid, store=path, chunk_size=2)
    assert sizes == [2, 2, 2, 2]
    tired.unlink()
    J = jacmagic.sweep(f, grid, store=path, chunk_size=2)
    assert sizes == [2, 2, 2, 2, 2, 2]
    np.testing.assert_allclose(J.values.reshape(-1), 2 * np.arange(10.0))


DYING = """
import os, signal, sys
from pathlib import Path

import jacmagic


def f(x, y):
    log = Path(sys.argv[2])
    with log.open("a") as file:
        file.write("run\\n")
    if len(sys.argv) > 3 and log.read_text().count("run") > int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return x * y, x**2


if __name__ == "__main__":
    grid = {"x": [1.0, 2.0, 3.0], "y": [0.0, 1.0, 2.0, 3.0]}
    J = jacmagic.sweep(f, grid, store=sys.argv[1], chunk_size=2)
    print(float(J.values.sum()))
"""


def test_a_killed_process_loses_one_block(tmp_path):
    """After SIGKILL the same program resumes; finished chunks stay."""
    script, store, log = tmp_path / "dying.py", tmp_path / "store", tmp_path / "log"
    script.write_text(DYING)
    program = [sys.executable, str(script), str(store), str(log)]
    killed = subprocess.run([*program, "6"], capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    chunks = [one for one in (store / "jacobian" / "c").rglob("*") if one.is_file()]
    written = {one: one.stat().st_mtime_ns for one in chunks}
    assert 0 < len(written) < 6
    runs = log.read_text().count("run")
    finished = subprocess.run(program, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    # ∂(xy)/∂x + ∂(xy)/∂y + ∂x²/∂x over the grid: Σ y + x + 2x
    total = sum(y + 3 * x for x, y in itertools.product((1, 2, 3), range(4)))
    assert float(finished.stdout) == pytest.approx(total)
    assert all(one.stat().st_mtime_ns == time for one, time in written.items())
    # Runs at the first point; in each block a plain, a batched and a stacked one.
    plain, per_block = 1, 3
    assert log.read_text().count("run") - runs <= plain + per_block * (6 - len(written))


def test_another_sweep_is_not_mixed_in(tmp_path):
    """A store of another grid, function or closure, and foreign data, are refused."""
    path = tmp_path / "store"
    slope, hidden = 2.0, types.SimpleNamespace(slope=1.0)

    def f(x):
        return slope * hidden.slope * x

    jacmagic.sweep(f, {"x": [1.0, 2.0]}, store=path)
    with pytest.raises(PointError, match="found one of f with another function, grid or fixed"):
        jacmagic.sweep(f, {"x": [1.0, 2.5]}, store=path)
    slope = 3.0
    with pytest.raises(PointError, match="found one of f with another function, grid or fixed"):
        jacmagic.sweep(f, {"x": [1.0, 2.0]}, store=path)
    slope, hidden.slope = 2.0, 3.0
    with pytest.raises(PointError, match="found other values at the first point"):
        jacmagic.sweep(f, {"x": [1.0, 2.0]}, store=path)
    xarray.Dataset({"a": ("x", [1.0])}).to_zarr(tmp_path / "other", consolidated=False)
    with pytest.raises(PointError, match="expected an empty or new path"):
        jacmagic.sweep(f, {"x": [1.0, 2.0]}, store=tmp_path / "other")


def test_an_array_from_outside_belongs_to_the_store(tmp_path):
    """A NumPy array that the function reads is part of what a store is checked for."""
    weights = np.array([1.0, 2.0])

    def f(x):
        return x * torch.as_tensor(weights)

    path = tmp_path / "store"
    assert jacmagic.sweep(f, {"x": [1.0, 2.0]}, store=path).shape == (2, 2, 1)
    weights[0] = 5.0
    with pytest.raises(PointError, match="found one of f with another function, grid or fixed"):
        jacmagic.sweep(f, {"x": [1.0, 2.0]}, store=path)


def test_a_bar_shows_after_a_second(capsys, monkeypatch):
    """Short sweeps are silent, long ones are not, and `progress=False` always is."""
    jacmagic.sweep(polar, {"r": R, "t": T})
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(run, "MIN_SECONDS_TO_SHOW_PROGRESS", 0.0)
    jacmagic.sweep(polar, {"r": R, "t": T}, chunk_size=2)
    assert "Jacobians: 100%" in capsys.readouterr().err
    jacmagic.sweep(polar, {"r": R, "t": T}, chunk_size=2, progress=False)
    assert capsys.readouterr().err == ""


# --- a cluster ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # what dask leaves behind when a worker is killed
def test_a_cluster_whose_worker_dies(tmp_path):
    """Workers compute the blocks; one may be killed in between."""
    from distributed import Client, LocalCluster

    killed, here = tmp_path / "killed", os.getpid()

    def f(x, y):
        if os.getpid() != here and not killed.exists():
            killed.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return x * y, x**2

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        grid = {"x": [1.0, 2.0, 3.0], "y": [0.0, 1.0, 2.0]}
        J = jacmagic.sweep(f, grid, client=client, store=tmp_path / "store", chunk_size=3)
    assert Path(killed).read_text() != str(os.getpid())
    np.testing.assert_allclose(J.values[1, 2], [[2, 2], [4, 0]])
    assert np.isfinite(J.values).all()
