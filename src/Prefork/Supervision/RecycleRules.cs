using System.Globalization;
using Prefork.Processes;

namespace Prefork.Supervision;

/// <summary>When a worker that works is to be replaced, and why.</summary>
internal sealed class RecycleRules
{
    /// <summary>Memory is looked at once in so many ticks.</summary>
    private const int MemoryInterval = 5;

    private readonly RecyclingOptions _options;
    private readonly TimeProvider _time;
    private DateTime _trigger;
    private DateTimeOffset? _scheduled;
    private DateTimeOffset? _askAfter;
    private int _ticks;

    internal RecycleRules(RecyclingOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _trigger = TriggerTime();
        _scheduled = options.Schedule?.Invoke(time.GetUtcNow());
    }

    /// <summary>Why all workers are to be replaced now; null for no reason. Told once. What the schedule throws is thrown once.</summary>
    internal string? ReasonForAll()
    {
        _ticks++;
        var written = TriggerTime();
        if (written > _trigger)
        {
            _trigger = written;
            return $"{_options.TriggerFile} was written";
        }

        if (_askAfter is { } after)
        {
            // The user's code, asked once: should it throw, there is no schedule any more, and all else goes on.
            _askAfter = null;
            _scheduled = _options.Schedule!(after);
        }

        var now = _time.GetUtcNow();
        if (_scheduled is not { } scheduled || now < scheduled)
        {
            return null;
        }

        _scheduled = null;
        _askAfter = now;
        return $"scheduled for {scheduled.ToString("u", CultureInfo.InvariantCulture)}";
    }

    /// <summary>By which part the limits of age and requests are lowered for one worker.</summary>
    internal static double Factor(double jitter, Random random) => 1 - (jitter * random.NextDouble());

    /// <summary>Why a worker is to be replaced; null for no reason.</summary>
    internal string? ReasonFor(int? processId, long? requests, TimeSpan age, double factor)
    {
        if (_options.MaxAge is { } maxAge && age >= maxAge * factor)
        {
            return $"age: {Math.Floor(age.TotalSeconds)} s (limit {maxAge.TotalSeconds:0.##} s)";
        }

        if (_options.MaxRequests is { } maxRequests && requests >= maxRequests * factor)
        {
            return $"requests: {requests} (limit {maxRequests})";
        }

        if (_options.MaxMemory is { } maxMemory && _ticks % MemoryInterval == 0 && processId is { } pid)
        {
            var memory = _options.MemoryMeasure == MemoryMeasure.Proportional ? ProcessFigures.ProportionalMemory(pid) : ProcessFigures.ResidentMemory(pid);
            return memory > maxMemory ? $"memory: {memory >> 20} MiB (limit {maxMemory >> 20} MiB)" : null;
        }

        return null;
    }

    private DateTime TriggerTime()
    {
        // The time of a file that is not there is long ago.
        return _options.TriggerFile is { } file ? File.GetLastWriteTimeUtc(file) : default;
    }
}
