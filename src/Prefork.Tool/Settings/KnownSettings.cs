using System.Collections.Frozen;
using Cronos;

namespace Prefork.Tool.Settings;

/// <summary>All there are. Those that are null when nothing is given have the supervisor's defaults.</summary>
internal static class KnownSettings
{
    internal static readonly TextSetting<string> Program = new("program", Words.Path, orNumber: false, description: null);

    /// <summary>On the command line they are what follows <c>--</c>.</summary>
    internal static readonly ListSetting<string> Arguments = new("arguments", static text => text, description: null);

    internal static readonly TextSetting<int?> Workers = new("workers", static (text, _) => Words.Workers(text), orNumber: true, "How many workers: a number, 'max' (one a processor), or 'max-1'. [default: max]", "N|max|max-1", "-w");

    internal static readonly TextSetting<string> Name = new("name", static (text, _) => Words.Name(text), orNumber: false, "The application's name, for the other commands. [default: the program's file name]", "NAME") { NeedsStart = true };

    internal static readonly TextSetting<string> WorkingDirectory = new("cwd", Words.Path, orNumber: false, "The workers' working directory. [default: the configuration file's folder, or this one]", "FOLDER");

    internal static readonly VariablesSetting Environment = new("env", "A variable for the workers: NAME=VALUE, or NAME= for an empty one. May be repeated.", "-e");

    internal static readonly TextSetting<SchedulingPolicy> Scheduling = new(
        "scheduling",
        static (text, _) => Words.Scheduling(text),
        orNumber: false,
        "Who accepts connections: rr (the primary, in turn), shared (the workers), least (the primary, for the worker with the fewest). [default: rr]",
        "rr|shared|least")
    {
        NeedsStart = true,
    };

    internal static readonly TextSetting<TimeSpan?> BootTimeout = Timeout("bootTimeout", "How long a worker has to be ready. [default: 10m]");

    internal static readonly TextSetting<WorkerReadiness?> Ready = new(
        "ready",
        static (text, _) => Words.Readiness(text),
        orNumber: false,
        "When a worker is ready: listening, online (its program runs; for workers without a port), or message (it says so: process.send('ready') in Node, SetReady in .NET). [default: it listens and, with UseCluster, says so]",
        "listening|online|message");

    internal static readonly TextSetting<HealthGate> Health = new(
        "health", Words.Health, orNumber: false, "What a worker must pass before it gets clients: a path (/health), an http or https address, tcp, or command:PROGRAM.", "PATH|ADDRESS|tcp|command:PROGRAM");

    internal static readonly TextSetting<TimeSpan?> HealthTimeout = Timeout("healthTimeout", "How long a worker has to pass it. [default: 30s]");
    internal static readonly TextSetting<TimeSpan?> StopTimeout = Timeout("stopTimeout", "How long a worker has to leave before it gets SIGTERM. [default: 40s]", orZero: true);
    internal static readonly TextSetting<TimeSpan?> KillTimeout = Timeout("killTimeout", "How long it has from there till it gets SIGKILL. [default: 5s]", orZero: true);
    internal static readonly TextSetting<TimeSpan?> WatchWindow = Timeout("watchWindow", "How long a reload watches the new workers before it is done. [default: 5s]", orZero: true);
    internal static readonly TextSetting<TimeSpan?> RestartDelay = Timeout("restartDelay", "How long to wait before a worker that ended again in quick succession is started again; then twice that, and so on. [default: 100ms]");
    internal static readonly TextSetting<TimeSpan?> MaxRestartDelay = Timeout("maxRestartDelay", "The longest of these waits. [default: 30s]");
    internal static readonly TextSetting<TimeSpan?> MinUptime = Timeout("minUptime", "A worker that served so long did not end in quick succession. [default: 10s]", orZero: true);
    internal static readonly ListSetting<int> StopExitCodes = new("stopExitCodes", Words.ExitCode, "Exit codes of a worker that mean not to start it again, with commas between.", "CODE,CODE", separator: ',');
    internal static readonly TextSetting<TimeSpan?> HangTimeout = Timeout("hangTimeout", "How long a worker may not answer before it is killed and replaced; 0 for any time. [default: 60s]", orZero: true);
    internal static readonly TextSetting<string> OnHang = new("onHang", static (text, _) => Words.Command(text), orNumber: false, "A shell command to run for a worker that hangs, before it is killed; its pid is in $PREFORK_WORKER_PID.", "COMMAND");
    internal static readonly TextSetting<TimeSpan?> OnHangTimeout = Timeout("onHangTimeout", "How long that may take. [default: 60s]");
    internal static readonly TextSetting<TimeSpan?> MaxAge = new("maxAge", static (text, _) => Words.Time(text, orZero: false, TimeSpan.FromDays(365)), orNumber: true, "Replaces workers that are older.", "TIME");
    internal static readonly TextSetting<long?> MaxMemory = new("maxMemory", static (text, _) => Words.Memory(text), orNumber: true, "Replaces workers that have more in memory.", "SIZE");
    internal static readonly TextSetting<MemoryMeasure> Memory = new("memory", static (text, _) => Words.Measure(text), orNumber: false, "Which memory that is: rss, or pss, in which what is shared counts by its part. [default: rss]", "rss|pss");
    internal static readonly TextSetting<long?> MaxRequests = new("maxRequests", static (text, _) => Words.Count(text), orNumber: true, "Replaces workers that have served more requests.", "N");
    internal static readonly ListSetting<CronExpression> RecycleAt = new("recycleAt", Words.Cron, "Replaces all workers, one after the other, at these times: a cron expression, in local time. May be repeated.", "CRON");
    internal static readonly TextSetting<string> RecycleFile = new("recycleFile", Words.Path, orNumber: false, "Replaces all workers, one after the other, when this file is written.", "FILE");
    internal static readonly TextSetting<int?> MaxLine = new("maxLine", static (text, _) => Words.LineLength(text), orNumber: true, "How many bytes of a line that a worker writes are kept: 1K to 64M. [default: 1M]", "N");
    internal static readonly FlagSetting KeepWarm = new("keepWarm", "Keeps workers of the previous generation ready, for a rollback at once.");

    internal static IReadOnlyList<Setting> All { get; } =
    [
        Program, Arguments, Workers, Name, WorkingDirectory, Environment, Scheduling, BootTimeout, Ready, Health, HealthTimeout, StopTimeout, KillTimeout, WatchWindow,
        RestartDelay, MaxRestartDelay, MinUptime, StopExitCodes, HangTimeout, OnHang, OnHangTimeout, MaxAge, MaxMemory, Memory, MaxRequests, RecycleAt, RecycleFile, MaxLine, KeepWarm,
    ];

    internal static FrozenDictionary<string, Setting> ByKey { get; } = All.ToFrozenDictionary(static setting => setting.Key, StringComparer.Ordinal);

    private static TextSetting<TimeSpan?> Timeout(string key, string description, bool orZero = false)
        => new(key, (text, _) => Words.Timeout(text, orZero), orNumber: true, description, "TIME");
}
