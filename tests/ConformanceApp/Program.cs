using ConformanceApp;
using Prefork;

// Each scenario is one of Node's tests, as a program of its own: a primary's half and a worker's, which check for themselves.
// Exit code 0 is a pass; anything else says why on standard error.
if (Environment.GetEnvironmentVariable("CONFORMANCE_RELAY") is { Length: > 0 } path && Environment.GetEnvironmentVariable("NODE_UNIQUE_ID") is not null)
{
    return Wire.Relay(path);
}

var scenario = Scenario.Find(args[0], args[1..]);
AppDomain.CurrentDomain.ProcessExit += (_, _) => Must.VerifyAtExit();
if (Cluster.IsWorker)
{
    await scenario.WorkerAsync();
    return 0;
}

if (Environment.GetEnvironmentVariable("CONFORMANCE_WORKER") is { Length: > 0 } script)
{
    // The other half in Node: the primary stays as it is.
    Cluster.SetupPrimary(settings => settings.Exec = script);
}

// A check that fails in a worker ends it like this, whatever the scenario thinks of its exit.
var failed = false;
Cluster.Exited += (_, e) => failed |= e.Exit.Signal == Signal.SIGABRT || e.Exit.Code == Must.MissingExitCode;
await scenario.PrimaryAsync();
await Must.AllAsync();
return failed ? 1 : 0;
