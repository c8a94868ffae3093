using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>What is to run, and how, as it was read at one instant. Not changed any more.</summary>
internal sealed class RunOptions
{
    /// <summary>Longer than the supervisor's: the command does not know the program, and one that starts for minutes (migrations, a cache that is filled) works by itself.</summary>
    private static readonly TimeSpan s_bootTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Longer than a .NET host gives itself, which is 30 seconds and the drain's five: one that ends by itself is not killed, and what it does last (writing its log, say) is done.</summary>
    private static readonly TimeSpan s_stopTimeout = TimeSpan.FromSeconds(40);

    /// <param name="given">What was given in all.</param>
    /// <param name="file">The configuration file, if there is one.</param>
    /// <exception cref="CommandException">No program is named.</exception>
    internal RunOptions(Given given, string? file)
    {
        Given = given;
        File = file;
        Program = given.Get(KnownSettings.Program)
            ?? throw new CommandException(ExitCodes.Usage, file is null
                ? $"no program is named, and there is no {ConfigurationFile.DefaultName} in this folder. Name one of them: 'prefork run App.dll', or --config FILE."
                : $"{file}:1: program: it is missing. Name the application there, or on the command line.");
        WorkingDirectory = given.Get(KnownSettings.WorkingDirectory) ?? (file is null ? null : Path.GetDirectoryName(file));
    }

    internal Given Given { get; }

    internal string? File { get; }

    /// <summary>Its full path; links in it are not resolved.</summary>
    internal string Program { get; }

    internal IReadOnlyList<string> Arguments => Given.Get(KnownSettings.Arguments) ?? [];

    internal int Workers => Given.Get(KnownSettings.Workers) ?? Environment.ProcessorCount;

    internal string? WorkingDirectory { get; }

    internal IReadOnlyDictionary<string, string?> Variables => Given.Get(KnownSettings.Environment) ?? new Dictionary<string, string?>();

    /// <summary>Null: what the environment says, or round robin.</summary>
    internal SchedulingPolicy? Policy => Given.Get(KnownSettings.Scheduling);

    /// <summary>Null: the program's file name.</summary>
    internal string? Name => Given.Get(KnownSettings.Name);

    /// <exception cref="UnusableProgramException">The program cannot be run, and the message says why; and where it is named, when a file does.</exception>
    internal Target Inspect()
    {
        if (WorkingDirectory is { } folder && !Directory.Exists(folder))
        {
            throw new UnusableProgramException($"{PlaceOf(KnownSettings.WorkingDirectory)}There is no folder {folder} (cwd). Make it, or name another one.");
        }

        if (WorkingDirectory is null && CurrentFolder.PathOrEmpty.Length == 0)
        {
            throw new UnusableProgramException("The current folder, in which the workers would start, is not there any more. Change to another one (cd), or give --cwd.");
        }

        try
        {
            return Target.Inspect(Program, WorkingDirectory, Variables);
        }
        catch (UnusableProgramException exception) when (PlaceOf(KnownSettings.Program) is { Length: > 0 } place)
        {
            throw new UnusableProgramException(place + exception.Message);
        }
    }

    private string PlaceOf(Setting setting) => Given.Find(setting)?.Place is { } place ? $"{place}: {setting.Key}: " : "";

    /// <summary>How the supervisor is to go about it; what is not given is as it is by default.</summary>
    internal void ApplyTo(SupervisorOptions options)
    {
        var defaults = new SupervisorOptions();
        options.Workers = Workers;
        options.BootTimeout = Given.Get(KnownSettings.BootTimeout) ?? s_bootTimeout;
        options.ReadyOn = Given.Get(KnownSettings.Ready) ?? defaults.ReadyOn;
        options.HealthGate = Given.Get(KnownSettings.Health);
        options.HealthGateTimeout = Given.Get(KnownSettings.HealthTimeout) ?? defaults.HealthGateTimeout;
        options.StopTimeout = Given.Get(KnownSettings.StopTimeout) ?? s_stopTimeout;
        options.KillTimeout = Given.Get(KnownSettings.KillTimeout) ?? defaults.KillTimeout;
        options.WatchWindow = Given.Get(KnownSettings.WatchWindow) ?? defaults.WatchWindow;
        options.RestartDelay = Given.Get(KnownSettings.RestartDelay) ?? defaults.RestartDelay;
        options.MaxRestartDelay = Given.Get(KnownSettings.MaxRestartDelay) ?? defaults.MaxRestartDelay;
        options.MinUptime = Given.Get(KnownSettings.MinUptime) ?? defaults.MinUptime;
        options.StopExitCodes.Clear();
        options.StopExitCodes.UnionWith(Given.Get(KnownSettings.StopExitCodes) ?? []);
        ApplyHangs(options, defaults);
        options.Recycling.MaxAge = Given.Get(KnownSettings.MaxAge);
        options.Recycling.MaxMemory = Given.Get(KnownSettings.MaxMemory);
        options.Recycling.MemoryMeasure = Given.Get(KnownSettings.Memory);
        options.Recycling.MaxRequests = Given.Get(KnownSettings.MaxRequests);
        options.Recycling.Schedule = Given.Get(KnownSettings.RecycleAt) is { Count: > 0 } times
            ? after => times.Min(time => time.GetNextOccurrence(after, TimeZoneInfo.Local))
            : null;
        options.Recycling.TriggerFile = Given.Get(KnownSettings.RecycleFile);
        options.MaxOutputLine = Given.Get(KnownSettings.MaxLine) ?? defaults.MaxOutputLine;
        options.KeepPreviousWarm = Given.Get(KnownSettings.KeepWarm);
    }

    /// <summary>How it differs from what was read before, and from what the application was started with in what needs a stop and a start.</summary>
    internal IEnumerable<string> ChangesSince(RunOptions before, RunOptions start)
        => KnownSettings.All
            .Select(setting => (Setting: setting, Change: setting.Compare((setting.NeedsStart ? start : before).Given.Find(setting), Given.Find(setting))))
            .Where(static pair => pair.Change is not null)
            .Select(static pair => pair.Setting.NeedsStart ? $"{pair.Change} (needs stop and start)" : pair.Change!);

    /// <summary>Heartbeats are often enough to see a hang of that length.</summary>
    private void ApplyHangs(SupervisorOptions options, SupervisorOptions defaults)
    {
        var timeout = Given.Get(KnownSettings.HangTimeout) ?? defaults.HangTimeout;
        if (timeout == TimeSpan.Zero)
        {
            options.HeartbeatInterval = null;
        }
        else
        {
            options.HangTimeout = timeout;
            options.HeartbeatInterval = timeout / 4 < defaults.HeartbeatInterval ? timeout / 4 : defaults.HeartbeatInterval;
        }

        options.OnHangTimeout = Given.Get(KnownSettings.OnHangTimeout) ?? defaults.OnHangTimeout;
    }
}
