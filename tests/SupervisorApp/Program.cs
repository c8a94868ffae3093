using System.Globalization;
using Prefork;
using SupervisorApp;

// A supervisor, driven by lines of standard input: options as name=value arguments, then commands. It says what happens on standard output.
if (args is ["run"])
{
    // Who forgets to ask whether it is the primary.
    try
    {
        await new ClusterSupervisor(new SupervisorOptions()).RunAsync();
    }
    catch (Exception exception)
    {
        Console.WriteLine($"run threw {exception.GetType().Name}: {exception.Message}");
    }

    return;
}

var launch = new Launch();
var pending = new List<string>();
var options = new SupervisorOptions { Launch = launch.Apply, HandleSignals = false, Reconfigure = Reconfigure };
foreach (var argument in args)
{
    Options.Apply(options, launch, argument);
}

var supervisor = new ClusterSupervisor(options, new BreakableTime());
var output = new Lock();
var setups = 0;
Cluster.SetUp += (_, _) => setups++;
supervisor.Happened += (_, e) => Say($"{e.Kind} {e.Message}{(e.Ending is { LastLines: [.., var last] } ? $" | {last}" : "")}");
Say($"primary {Environment.ProcessId}");
while (await Console.In.ReadLineAsync() is { } line && line != "quit")
{
    _ = ObeyAsync(line.Split(' '));
}

await supervisor.StopAsync();
return;

// What "options" has said since the last reload.
void Reconfigure(SupervisorOptions next)
{
    launch.Hold("reconfigure");
    lock (pending)
    {
        pending.ForEach(argument => Options.Apply(next, launch, argument));
        pending.Clear();
    }
}

async Task ObeyAsync(string[] words)
{
    try
    {
        switch (words[0])
        {
            case "start":
                await supervisor.StartAsync();
                Say("started");
                break;
            case "run":
                await supervisor.RunAsync();
                Say("ran");
                break;
            case "launch":
                launch.Set(words[1..]);
                Say("set");
                break;
            case "options":
                lock (pending)
                {
                    pending.AddRange(words[1..]);
                }

                Say("set");
                break;
            case "options?":
                var now = await supervisor.GetOptionsAsync();
                Say($"options workers={now.Workers} stop={now.StopTimeout.TotalMilliseconds} age={now.Recycling.MaxAge?.TotalMilliseconds}");
                break;
            case "reload":
                Say(await supervisor.ReloadAsync(Options.Reload(words[1..])));
                break;
            case "restart":
                Say(await supervisor.RestartAsync(Options.Reload(words[1..])));
                break;
            case "rollback":
                Say(await supervisor.RollBackAsync(Options.Reload(words[1..])));
                break;
            case "scale":
                await supervisor.ScaleAsync(int.Parse(words[1], CultureInfo.InvariantCulture));
                Say($"scaled {words[1]}");
                break;
            case "stop":
                await supervisor.StopAsync();
                Say("stopped");
                break;
            case "status":
                var status = await supervisor.GetStatusAsync();
                Say($"status {status.State} generation={status.Generation} desired={status.DesiredWorkers} restarts={status.Restarts} program={status.Program} workers="
                    + string.Join(',', status.Workers.Select(worker => $"{worker.Id}:{worker.Slot}:{worker.Generation}:{worker.Phase}:{worker.ProcessId}")));
                break;
            case "counts":
                static string Known(long? number) => number is { } known ? known.ToString(CultureInfo.InvariantCulture) : "unknown";
                Say($"counts {string.Join(',', (await supervisor.GetStatusAsync()).Workers.Select(worker => $"{Known(worker.Requests)}/{Known(worker.Connections)}"))}");
                break;
            case "release":
                Options.Release.TrySetResult();
                Say("released");
                break;
            case "fork":
                // One that is none of the supervisor's.
                Cluster.SetupPrimary(settings => (settings.Exec, settings.Arguments) = (words[1], []));
                await Cluster.Fork().WaitForListeningAsync();
                Say("forked");
                break;
            case "settings?":
                Say($"settings {Cluster.Settings.Exec} setups={setups}");
                break;
            case "holdevents":
                // A handler that waits, for a log, say.
                supervisor.Happened += (_, _) => Options.Release.Task.Wait();
                Say("set");
                break;
            case "usage":
                GC.Collect();
                GC.WaitForPendingFinalizers();
                GC.Collect();
                Say($"usage {Usage.Descriptors()} {Usage.Memory()} {Usage.Zombies()}");
                break;
        }
    }
    catch (Exception exception)
    {
        Say($"{words[0]} threw {exception.GetType().Name}: {exception.Message}");
    }
}

void Say(object what)
{
    var text = what is ReloadResult result
        ? $"result {result.Succeeded} generation={result.Generation} {result.Message}{(result.Failure is { LastLines: [.., var last] } ? $" | {last}" : "")}"
        : $"{what}";
    lock (output)
    {
        Console.WriteLine(text.ReplaceLineEndings(" "));
    }
}
