#!/usr/bin/env python3
"""Times this library and a peer (PyTorch, ONNX Runtime, OpenVINO, stock DL4J) in alternation and writes a CSV. See benchmarks/README.md."""

import argparse
import csv
import datetime
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLASSPATH = ROOT / "target" / "benchmarks.classpath"
COMPILE = "mvn -q -Pbenchmarks test-compile"
HEADER = ["case", "ours_ms", "peer_ms", "ratio", "ours_min", "ours_max", "peer_min", "peer_max"]
MEMORY = "memory_mib.se_resnet50.train.b8"
MEMORY_STEPS = 5
OVER = "_over_resnet50"
ROOFLINE = "_over_convolutions"
NARROW = ".bf16"
PEERS = ("torch", "torch-eager", "torch-compile", "torch-bf16", "onnxruntime", "openvino")


def cases():
    """Every case and how often one round repeats it."""
    blocks = [
        (f"block.{block}.{shape}.{mode}", 25)
        for block in ("se", "salient", "spse", "rgse", "cbam")
        for shape in ("256x56", "512x28", "1024x14", "2048x7")
        for mode in ("forward", "both")
    ]
    networks = [
        (f"{model}.{mode}", reps)
        for model in ("resnet50", "se_resnet50", "se_resnext50", "mobilenet_v2_se", "efficientnet_b0")
        for mode, reps in (
            ("inference.b8", 3), ("inference.b1", 5), ("train.b8", 2),
            ("inference.b8" + NARROW, 7), ("inference.b1" + NARROW, 15),
        )
    ]
    roofline = [(case.replace(".inference", f"{ROOFLINE}.inference"), reps) for case, reps in networks if "inference" in case]
    zoo = [("zoo_resnet50.inference.b8", 2), ("zoo_resnet50.train.b8", 1)]
    over = [(f"se_resnet50{OVER}.inference.b1", 5)] + [
        (f"{attention}_resnet50{OVER}.{mode}", reps)
        for attention in ("se", "cbam", "spse", "rgse", "salient")
        for mode, reps in (("inference.b8", 3), ("train.b8", 2), ("inference.b8" + NARROW, 7))
    ]
    return dict(blocks + networks + [("se_resnet20.train.b64", 3)] + over + roofline + zoo)


class WorkerError(Exception):
    pass


class Worker:
    """A process that answers one line per request."""

    def __init__(self, name, command, environment, show_errors):
        self.name = name
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if show_errors else self.log,
            env=environment,
            text=True,
            cwd=ROOT,
        )

    def ask(self, request):
        """The words of the answer after its subject. Lines of others, such as native libraries, are skipped."""
        words = request.split()
        subject = words[1] if len(words) > 1 else words[0]
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                answer = line.split()
                if answer and answer[0] == subject:
                    return answer[1:]
        except BrokenPipeError:
            pass
        raise WorkerError(f"{self.name} worker ended (exit code {self.process.wait()}) at: {request}\n{self.errors()}")

    def errors(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def peak_mib(self):
        """Peak resident memory (VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Workers:
    """The processes, each started when first needed."""

    def __init__(self, options):
        self.options = options
        self.started = {}

    def start(self, name):
        threads = str(self.options.threads)
        root = self.options.before if name == "before" else ROOT
        environment = {k: threads for k in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        if name in PEERS:
            command = [sys.executable, str(ROOT / "benchmarks" / "peers.py"), "--threads", threads, "--peer", name]
        else:
            classpath = root / CLASSPATH.relative_to(ROOT)
            if not classpath.exists():
                sys.exit(f"{classpath} is missing; run there: {COMPILE}")
            folders = [str(root / "target" / folder) for folder in ("test-classes", "classes")]
            command = ["java", f"-XX:ActiveProcessorCount={threads}", "-Xmx2g"]
            command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=error"]
            command += ["-cp", os.pathsep.join(folders + [classpath.read_text().strip()])]
            command += ["io.github.squeeze4j.benchmarks.Worker"] + (["stock"] if name == "stock" else [])
            environment["GOMP_SPINCOUNT"] = "5000"  # as the library's command line sets it
        inherited = {k: v for k, v in os.environ.items() if k not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
        return Worker(name, command, {**inherited, **environment}, self.options.verbose)

    def get(self, name):
        if name not in self.started:
            self.started[name] = self.start(name)
        return self.started[name]

    def drop(self, name):
        worker = self.started.pop(name, None)
        if worker:
            worker.close()

    def close(self):
        for name in list(self.started):
            self.drop(name)


def sides_of(case, peer="torch", before=None):
    """Which worker runs which body on either side."""
    if before:
        body = case.replace(OVER, "").replace(ROOFLINE, "")
        return {"ours": ("ours", body), "peer": ("before", body)}
    if case.startswith("zoo_"):
        return {"ours": ("ours", case), "peer": ("stock", case)}
    if OVER in case:
        mode = case[case.index(OVER) + len(OVER):]
        return {"ours": ("ours", case.replace(OVER, "")), "peer": ("second", "resnet50" + mode)}
    if ROOFLINE in case:
        body = case.replace(ROOFLINE, "")
        return {"ours": ("ours", body), "peer": ("second", "convolutions." + body)}
    return {"ours": ("ours", case), "peer": (peer, case)}


def numbers(worker, request):
    """The answer's numbers; None and the reason where there are none."""
    answer = worker.ask(request)
    if answer and answer[0] in ("unavailable", "failed"):
        reason = " ".join(answer[1:])
        return None, f"{worker.name}: {'not available: ' if answer[0] == 'unavailable' else 'failed: '}{reason}"
    return [float(word) for word in answer], None


def compare(case, reps, rounds, workers, progress):
    """One row, or the reason why there is none."""
    sides = {"ours": [], "peer": []}
    learned = {}
    names = sides_of(case, workers.options.peer, workers.options.before)
    for side, (name, body) in names.items():
        learned[side], reason = numbers(workers.get(name), f"PARAMS {body}")
        if reason:
            return None, reason
    if learned["ours"] != learned["peer"] and OVER not in case and ROOFLINE not in case:
        progress.say(f"{case}: learned parameters differ: ours {learned['ours'][0]:.0f}, peer {learned['peer'][0]:.0f}")
    for _ in range(rounds):
        for side, (name, body) in names.items():
            values, reason = numbers(workers.get(name), f"CASE {body} {reps}")
            if reason:
                return None, reason
            sides[side].append(values)
    return row(case, sides["ours"], sides["peer"]), None


def row(case, ours, peer):
    """Medians over the rounds; the spread is that of all single runs."""
    medians = [statistics.median(values[0] for values in side) for side in (ours, peer)]
    spread = [pick(values[i] for values in side) for side in (ours, peer) for i, pick in ((1, min), (2, max))]
    return [case] + [f"{v:.3f}" for v in medians] + [f"{medians[0] / medians[1]:.3f}"] + [f"{v:.3f}" for v in spread]


def memory(rounds, workers):
    """Peak memory of each side alone, in MiB in the columns of the milliseconds."""
    if not Path("/proc/self/status").exists():
        return None, "not available: peak memory needs /proc"
    peer = "before" if workers.options.before else workers.options.peer
    peaks = {"ours": [], peer: []}
    for _ in range(rounds):
        for name, values in peaks.items():
            workers.close()
            worker = workers.get(name)
            # The worker runs two steps that are not timed.
            _, reason = numbers(worker, f"CASE se_resnet50.train.b8 {MEMORY_STEPS - 2}")
            if reason:
                return None, reason
            values.append([worker.peak_mib()] * 3)
            workers.drop(name)
    return row(MEMORY, peaks["ours"], peaks[peer]), None


class Progress:
    """Where the run stands, on standard error: one line that is written over in a terminal."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.start = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def at(self, case):
        left = ""
        if self.done:
            seconds = (time.monotonic() - self.start) / self.done * (self.total - self.done)
            left = f", about {datetime.timedelta(seconds=round(seconds))} left"
        self.write(f"[{self.done + 1}/{self.total}] {case}{left}", "" if self.terminal else "\n")
        self.done += 1

    def say(self, text):
        self.write(text, "\n")

    def write(self, text, end):
        sys.stderr.write(("\r\033[K" if self.terminal else "") + text + end)
        sys.stderr.flush()

    def clear(self):
        if self.terminal:
            self.write("", "")


def cpu_model():
    try:
        return re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):
        return platform.processor() or platform.machine()


def commit():
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def comments(options, workers):
    names = ("ours",) if options.before else ("ours", options.peer)
    versions = " ".join(word for name in names for word in workers.get(name).ask("VERSIONS"))
    return [
        f"# cpu={cpu_model()}; cores={os.cpu_count()}; threads={options.threads}; system={platform.system()} {platform.machine()}",
        f"# versions: {versions} python={platform.python_version()}",
        f"# commit={commit()} date={datetime.date.today().isoformat()} rounds={options.rounds}",
        f"# peer: this project at {options.before}" if options.before else f"# peer: {options.peer}; zoo cases: stock DL4J",
        "# medians; ratio = ours / peer, below 1 where ours is faster; memory_mib rows are MiB, not ms",
    ]


def write(path, head, rows):
    """Anew after each case, so that an interrupted run leaves what it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with open(beside, "w", newline="") as file:
        file.write("".join(line + "\n" for line in head))
        csv.writer(file, lineterminator="\n").writerows([HEADER] + rows)
    os.replace(beside, path)


def table(path):
    """The CSV as a Markdown table."""
    with open(path, newline="") as file:
        lines = file.readlines()
    for line in lines:
        if line.startswith("#"):
            print(line[1:].strip() + "  ")
    print("\n| case | ours, ms | peer, ms | ours / peer | ours, min-max | peer, min-max |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for r in csv.DictReader(line for line in lines if not line.startswith("#")):
        unit = " MiB" if r["case"].startswith("memory_mib") else ""

        def number(key):
            value = float(r[key])
            return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"

        spread = [f"{number(side + '_min')}-{number(side + '_max')}" for side in ("ours", "peer")]
        print(
            f"| {r['case']} | {number('ours_ms')}{unit} | {number('peer_ms')}{unit} | {float(r['ratio']):.2f} | "
            f"{spread[0]} | {spread[1]} |"
        )


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=re.compile, default=re.compile(""), metavar="REGEX", help="only cases in which it is found")
    parser.add_argument("--rounds", type=positive, default=5, help="how often the two sides take turns (default 5)")
    parser.add_argument("--threads", type=positive, default=2, help="threads of each side (default 2)")
    parser.add_argument("--peer", choices=PEERS, default="torch", help="whom to compare with (default torch, as installed)")
    parser.add_argument("--before", type=Path, metavar="DIR", help="another checkout of this project, compiled, as the peer of all cases")
    parser.add_argument("--memory", action="store_true", help="peak memory of each side alone, too")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default benchmarks/results/compare-DATE.csv")
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    parser.add_argument("--table", type=Path, metavar="FILE", help="print a CSV as a Markdown table and end")
    parser.add_argument("--verbose", action="store_true", help="show what the workers print on standard error")
    options = parser.parse_args()
    if options.table:
        return table(options.table)
    chosen = {case: reps for case, reps in cases().items() if options.cases.search(case)}
    if options.memory and (options.cases.search(MEMORY) or not options.cases.pattern):
        chosen[MEMORY] = None
    if options.list:
        return print("\n".join(chosen))
    if not chosen:
        parser.error(f"--cases ({options.cases.pattern}) matches none; see --list")
    out = options.out or ROOT / "benchmarks" / "results" / f"compare-{datetime.date.today().isoformat()}.csv"

    workers = Workers(options)
    progress = Progress(len(chosen))
    rows = []
    missing = []
    try:
        head = comments(options, workers)
        print("\n".join(head + [",".join(HEADER)]), flush=True)
        for case, reps in chosen.items():
            progress.at(case)
            try:
                if case == MEMORY:
                    result, reason = memory(options.rounds, workers)
                else:
                    # Peers that have no part in this case must not hold memory.
                    sides = sides_of(case, options.peer, options.before)
                    for name in {options.peer, "stock", "second"} - {name for name, _ in sides.values()}:
                        workers.drop(name)
                    result, reason = compare(case, reps, options.rounds, workers, progress)
            except WorkerError as e:
                result, reason = None, str(e)
                workers.close()
            progress.clear()
            if result:
                rows.append(result)
                print(",".join(result), flush=True)
            else:
                missing.append(f"# {case}: {reason.splitlines()[0]}")
                progress.say(f"{case}: {reason}")
            write(out, head + missing, rows)
    finally:
        workers.close()
    print(f"Written to {out}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        os._exit(130)  # without flushing into a pipe that nobody reads
    except WorkerError as e:
        sys.exit(str(e))
