using System.Globalization;
using Prefork;

namespace SupervisorApp;

/// <summary>Options as name=value words; times in milliseconds.</summary>
internal static class Options
{
    internal static TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static void Apply(SupervisorOptions options, Launch launch, string argument)
    {
        var (name, value) = (argument.Split('=', 2)[0], argument.Split('=', 2)[1]);
        switch (name)
        {
            case "workers":
                options.Workers = int.Parse(value, CultureInfo.InvariantCulture);
                break;
            case "policy":
                Cluster.SchedulingPolicy = value == "none" ? SchedulingPolicy.Shared : SchedulingPolicy.LeastConnections;
                break;
            case "ready":
                options.ReadyOn = Enum.Parse<WorkerReadiness>(value);
                break;
            case "boot":
                options.BootTimeout = Time(value);
                break;
            case "gate":
                options.HealthGate = value[0] switch
                {
                    '/' or 'h' => HealthGate.Http(value),
                    'c' => HealthGate.Command(value.Split(',')[1], value.Split(',')[2..]),
                    'f' => HealthGate.Callback((worker, _) => throw new InvalidOperationException($"callback says no to {worker.Index()}")),
                    'b' => BreaksTime(int.Parse(value.Split(',')[1], CultureInfo.InvariantCulture)),
                    'n' => HealthGate.Callback((_, _) => Task.Delay(Timeout.InfiniteTimeSpan)),
                    _ => HealthGate.Tcp(),
                };
                break;
            case "gatetimeout":
                options.HealthGateTimeout = Time(value);
                break;
            case "stop":
                options.StopTimeout = Time(value);
                break;
            case "kill":
                options.KillTimeout = Time(value);
                break;
            case "watch":
                options.WatchWindow = Time(value);
                break;
            case "delay":
                options.RestartDelay = Time(value);
                break;
            case "maxdelay":
                options.MaxRestartDelay = Time(value);
                break;
            case "uptime":
                options.MinUptime = Time(value);
                break;
            case "failures":
                options.BreakerFailures = int.Parse(value, CultureInfo.InvariantCulture);
                break;
            case "window":
                options.BreakerWindow = Time(value);
                break;
            case "stopcode":
                options.StopExitCodes.Add(int.Parse(value, CultureInfo.InvariantCulture));
                break;
            case "heartbeat":
                options.HeartbeatInterval = Time(value);
                break;
            case "hang":
                options.HangTimeout = Time(value);
                options.OnHang = (worker, _) =>
                {
                    Console.WriteLine($"dumped {worker.Id}");
                    return Task.CompletedTask;
                };
                break;
            case "hold":
                // A dump that does not come to its end.
                options.OnHang = (_, cancellation) => Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
                break;
            case "holduntil":
                // One that a test lets come to its end.
                options.OnHang = (_, _) => Release.Task;
                break;
            case "age":
                options.Recycling.MaxAge = Time(value);
                break;
            case "requests":
                options.Recycling.MaxRequests = long.Parse(value, CultureInfo.InvariantCulture);
                break;
            case "memory":
                options.Recycling.MaxMemory = long.Parse(value, CultureInfo.InvariantCulture) << 20;
                break;
            case "trigger":
                options.Recycling.TriggerFile = value;
                break;
            case "every":
                options.Recycling.Schedule = after => after + Time(value);
                break;
            case "draining":
                options.MaxDrainingGenerations = int.Parse(value, CultureInfo.InvariantCulture);
                break;
            case "warm":
                options.KeepPreviousWarm = true;
                break;
            case "signals":
                options.HandleSignals = true;
                break;
            case "output":
                options.Output = line => Console.WriteLine($"output {line.Slot} {(line.IsError ? "error" : "out")} {line.Line}");
                break;
            case "refuseoutput":
                var write = options.Output;
                options.Output = line =>
                {
                    if (line.Line.Contains(value, StringComparison.Ordinal))
                    {
                        throw new IOException("the disk is full");
                    }

                    write?.Invoke(line);
                };
                break;
            default:
                launch.Set(argument);
                break;
        }
    }

    /// <summary>
    /// Lets all pass; and that worker at its second try only, with the next timer broken, which is then the one that follows the gate: those of the gate have been made.
    /// </summary>
    private static HealthGate BreaksTime(int id)
    {
        var tries = 0;
        return HealthGate.Callback((worker, _) =>
        {
            if (worker.Id == id)
            {
                if (Interlocked.Increment(ref tries) == 1)
                {
                    throw new InvalidOperationException("not yet");
                }

                BreakableTime.Break();
            }

            return Task.CompletedTask;
        });
    }

    internal static ReloadOptions Reload(string[] words)
    {
        var options = new ReloadOptions();
        foreach (var word in words)
        {
            var (name, value) = (word.Split('=')[0], word.Split('=')[^1]);
            switch (name)
            {
                case "mode":
                    options.Mode = Enum.Parse<ReloadMode>(value);
                    break;
                case "canary":
                    options.CanaryTime = Time(value);
                    break;
                case "share":
                    options.CanaryShare = double.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "queue":
                    options.Queue = true;
                    break;
                case "watch":
                    options.WatchWindow = Time(value);
                    break;
            }
        }

        return options;
    }

    private static string Index(this WorkerProcess worker) => $"worker {worker.Id}";

    private static TimeSpan Time(string milliseconds) => TimeSpan.FromMilliseconds(double.Parse(milliseconds, CultureInfo.InvariantCulture));
}
