using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace Prefork.Tests;

/// <summary>Imports run downwards only: Native and Values, then Processes and Ipc, then Scheduling and Handles, then the root, then Supervision.</summary>
public class Layering
{
    private static readonly Architecture Core = new ArchLoader().LoadAssemblies(typeof(Cluster).Assembly).Build();

    /// <summary>Public words that every layer may use: what users see of errors and signals, and the plug for policies.</summary>
    private static readonly string[] Vocabulary =
    [
        "Prefork.Signal", "Prefork.ClusterProtocolException", "Prefork.ClusterChannelClosedException", "Prefork.ClusterSettings",
        "Prefork.ChannelSerialization", "Prefork.WorkerLoad", "Prefork.IWorkerSelector", "Prefork.SchedulingPolicy",
    ];

    [Theory]
    [InlineData("Prefork.Native", "")]
    [InlineData("Prefork.Processes", "Prefork.Native")]
    [InlineData("Prefork.Values", "")]
    [InlineData("Prefork.Ipc", "Prefork.Native,Prefork.Values")]
    [InlineData("Prefork.Scheduling", "")]
    [InlineData("Prefork.Handles", "Prefork.Native,Prefork.Ipc,Prefork.Scheduling")]
    [InlineData("Prefork.Supervision", "Prefork,Prefork.Processes")]
    public void ALayer_SeesOnlyWhatIsBelowIt(string layer, string below)
    {
        var allowed = below.Split(',').Append(layer).ToHashSet();
        var types = Core.Types.Where(type => type.Namespace.FullName == layer).ToList();
        Assert.NotEmpty(types);
        var upwards = from type in types
                      from dependency in type.Dependencies
                      let target = dependency.Target
                      where target.Namespace?.FullName.StartsWith("Prefork", StringComparison.Ordinal) == true
                          && !allowed.Contains(target.Namespace.FullName)
                          && !Vocabulary.Contains(target.FullName)
                      select $"{type.FullName} uses {target.FullName}";
        Assert.Empty(upwards.Distinct());
    }

    [Fact]
    public void TheCore_DependsOnTheRuntimeAlone()
    {
        var references = typeof(Cluster).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!);
        Assert.All(references, name => Assert.True(name.StartsWith("System.", StringComparison.Ordinal) || name == "Microsoft.Win32.Primitives", name));
    }
}
