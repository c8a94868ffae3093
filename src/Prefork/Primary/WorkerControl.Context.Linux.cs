using System.Globalization;
using Prefork.Processes;
using Prefork.Wire;

namespace Prefork.Primary;

/// <remarks>What a worker is told of the cluster: how many they are, and whether it leads.</remarks>
internal sealed partial class WorkerControl
{
    private ContextMessage? _told;
    private bool _hearsContext;

    /// <summary>Given at the fork, and the same for the worker's whole life.</summary>
    internal int Generation { get; }

    /// <summary>Whether it is one of those that share the work: forked, and neither ended nor about to leave.</summary>
    internal bool Counts => !_channelOver && !_processOver && !Worker.IsAskedToLeave;

    /// <summary>On the loop. A worker that leaves hears no more: what it knows then holds until it has gone.</summary>
    internal void TellContext(int workers, int ofGeneration, int? leader)
    {
        var context = new ContextMessage(workers, leader == Id, Generation, ofGeneration);
        Worker.IsLeader = context.Leader;
        if (_hearsContext && Counts && context != _told)
        {
            var line = _told is null ? context with { Secret = _primary.SharedSecret } : context;
            _told = context;
            _channel!.Send(line.ToLine());
        }
    }

    /// <summary>Generation of a fork with these variables; 0 when they do not say.</summary>
    /// <exception cref="ArgumentException">They say something else than a number.</exception>
    internal static int GenerationOf(Dictionary<string, string> environment)
    {
        if (!environment.TryGetValue(WorkerEnvironment.Generation, out var value))
        {
            return 0;
        }

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            ? generation
            : throw new ArgumentException($"{WorkerEnvironment.Generation} is '{value}'. It must be a whole number that is not negative.");
    }

    private void StandForLeader()
    {
        _hearsContext = true;
        if (Counts)
        {
            _primary.Leadership.Stand(Id);
        }

        // Not later: what the worker asks next is answered behind it, so that a worker that listens knows.
        _primary.TellContext();
    }

    private void StandDown()
    {
        _primary.Leadership.StandDown(Id);
        _primary.ContextChanged();
    }

    private void LetGoOfLeadership()
    {
        Worker.IsLeader = false;
        _primary.Leadership.LetGo(Id);
        _primary.ContextChanged();
    }
}
