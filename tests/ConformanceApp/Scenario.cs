using System.Reflection;
using Prefork;

namespace ConformanceApp;

/// <summary>One of Node's tests, written for this library: what its primary does and checks, and what its workers do.</summary>
internal abstract class Scenario
{
    /// <summary>What stands behind the scenario's name on the command line: which part a process plays, when there are more than two.</summary>
    internal string[] Arguments { get; private set; } = [];

    /// <summary>This program, to start a process that is no worker.</summary>
    internal static string Program => Environment.ProcessPath!;

    internal abstract Task PrimaryAsync();

    internal virtual Task WorkerAsync() => Cluster.Worker!.WaitForDisconnectAsync();

    internal static Scenario Find(string name, string[] arguments)
    {
        var type = Array.Find(typeof(Scenario).Assembly.GetTypes(), type => type.GetCustomAttribute<NodeTestAttribute>()?.Name == name)
            ?? throw new ArgumentException($"There is no scenario '{name}'.");
        var scenario = (Scenario)Activator.CreateInstance(type, nonPublic: true)!;
        scenario.Arguments = arguments;
        return scenario;
    }
}

/// <summary>Which of Node's tests this is.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NodeTestAttribute(string name) : Attribute
{
    internal string Name => name;
}
