using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace Prefork.Tests;

/// <summary>Each folder of the core is a room: this is who may use whom, all of them. The picture is in CONTRIBUTING.md.</summary>
public class Layering
{
    private static readonly Architecture Core = new ArchLoader().LoadAssemblies(typeof(Cluster).Assembly).Build();

    /// <summary>What each room may use beside the public types. A room that is not here is not allowed.</summary>
    private static readonly Dictionary<string, string[]> Rooms = new()
    {
        ["Native"] = [],
        ["Values"] = [],
        ["Reporting"] = [],
        ["Scheduling"] = [],
        ["Loop"] = ["Native"],
        ["Processes"] = ["Native"],
        ["Wire"] = ["Native", "Values", "Loop", "Reporting"],
        ["Sockets"] = ["Native", "Wire"],
        ["Handoff"] = ["Native", "Wire"],
        ["Messages"] = ["Native", "Values", "Loop", "Wire"],
        ["Primary.Accept"] = ["Native", "Loop", "Wire", "Sockets", "Scheduling", "Handoff"],
        ["Worker.Intake"] = ["Native", "Loop", "Wire", "Handoff"],
        ["Primary"] = ["Primary.Accept", "Native", "Values", "Reporting", "Loop", "Processes", "Wire", "Sockets", "Handoff", "Messages"],
        ["Worker"] = ["Worker.Intake", "Native", "Values", "Reporting", "Loop", "Processes", "Wire", "Sockets", "Handoff", "Messages"],
        ["Supervision"] = ["Primary", "Processes", "Reporting", "Native"],
    };

    /// <summary>The public types that every room may use: errors, signals, settings, and the plug for policies.</summary>
    private static readonly string[] Vocabulary =
    [
        nameof(Signal), nameof(ClusterProtocolException), nameof(ClusterChannelClosedException), nameof(ClusterSettings),
        nameof(ChannelSerialization), nameof(WorkerLoad), nameof(IWorkerSelector), nameof(SchedulingPolicy),
    ];

    /// <summary>These meet users, and may use all public types; but none of them goes out by the front doors.</summary>
    private static readonly string[] Upper = ["Primary", "Primary.Accept", "Worker", "Worker.Intake", "Messages", "Supervision"];
    private static readonly string[] Doors = [nameof(Cluster), nameof(ClusterSupervisor)];

    public static TheoryData<string> Namespaces => [.. Core.Types.Select(static type => type.Namespace.FullName).Where(static name => name.StartsWith("Prefork", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Namespaces))]
    public void ARoom_UsesOnlyWhatIsBelowIt(string room)
    {
        var name = RoomOf(room);
        if (name is "")
        {
            return; // The root: public types, which stand before all rooms.
        }

        Assert.True(Rooms.ContainsKey(name), $"{room} is a new room. Say in Layering and in CONTRIBUTING.md what it may use.");
        var upwards = from type in Core.Types
                      where type.Namespace.FullName == room
                      from dependency in type.Dependencies
                      let target = dependency.Target
                      where target.Namespace?.FullName.StartsWith("Prefork", StringComparison.Ordinal) == true && !Allows(name, target)
                      select $"{type.FullName} uses {target.FullName}";
        Assert.Empty(upwards.Distinct());
    }

    [Fact]
    public void NoTwoRooms_UseEachOther()
    {
        foreach (var (room, below) in Rooms)
        {
            Assert.All(below, other => Assert.DoesNotContain(room, Reaches(other, [])));
        }

        static HashSet<string> Reaches(string room, HashSet<string> seen)
        {
            foreach (var other in Rooms[room].Where(seen.Add))
            {
                Reaches(other, seen);
            }

            return seen;
        }
    }

    [Fact]
    public void TheRoot_HasPublicTypesOnly()
        => Assert.Empty(typeof(Cluster).Assembly.GetTypes().Where(static type => type is { Namespace: "Prefork", IsNested: false, IsPublic: false } && !type.Name.StartsWith('<')).Select(static type => type.Name));

    [Fact]
    public void TheCore_DependsOnTheRuntimeAlone()
    {
        var references = typeof(Cluster).Assembly.GetReferencedAssemblies().Select(reference => reference.Name!);
        Assert.All(references, name => Assert.True(name.StartsWith("System.", StringComparison.Ordinal) || name == "Microsoft.Win32.Primitives", name));
    }

    private static string RoomOf(string space) => space == "Prefork" ? "" : space["Prefork.".Length..];

    private static bool Allows(string room, IType target)
    {
        var other = RoomOf(target.Namespace.FullName);
        return other == room || (other is "" ? Vocabulary.Contains(target.Name) || (Upper.Contains(room) && !Doors.Contains(target.Name)) : Rooms[room].Contains(other));
    }
}
