using System.Diagnostics;
using Prefork.Processes;
using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

public class RecycleRulesTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Schedule_IsDueOnce_EachTime()
    {
        var rules = new RecycleRules(new RecyclingOptions { Schedule = after => after + TimeSpan.FromHours(1) }, _time);
        Assert.Null(rules.ReasonForAll());
        _time.Advance(3600);
        Assert.StartsWith("scheduled for 2030-01-01 01:00:00Z", rules.ReasonForAll(), StringComparison.Ordinal);
        Assert.Null(rules.ReasonForAll());
        _time.Advance(3600);
        Assert.NotNull(rules.ReasonForAll());
    }

    [Fact]
    public void Schedule_ThatEnds_IsNeverDueAgain()
    {
        var times = new Queue<DateTimeOffset?>([_time.GetUtcNow() + TimeSpan.FromHours(1), null]);
        var rules = new RecycleRules(new RecyclingOptions { Schedule = _ => times.Dequeue() }, _time);
        _time.Advance(3600);
        Assert.NotNull(rules.ReasonForAll());
        _time.Advance(360_000);
        Assert.Null(rules.ReasonForAll());
    }

    [Fact]
    public void Schedule_ThatThrows_DoesSoOnce_AfterItWasDue()
    {
        var times = new Queue<DateTimeOffset?>([_time.GetUtcNow() + TimeSpan.FromHours(1)]);
        var rules = new RecycleRules(new RecyclingOptions { Schedule = _ => times.Dequeue() }, _time);
        _time.Advance(3600);
        Assert.NotNull(rules.ReasonForAll());
        Assert.Throws<InvalidOperationException>(rules.ReasonForAll);
        Assert.Null(rules.ReasonForAll());
    }

    [Fact]
    public void AgeAndRequests_AreDueAtTheirLimit_LoweredByTheFactor()
    {
        var rules = new RecycleRules(new RecyclingOptions { MaxAge = TimeSpan.FromHours(10), MaxRequests = 1000 }, _time);
        Assert.Null(rules.ReasonFor(null, 999, TimeSpan.FromHours(9.99), 1));
        Assert.StartsWith("age: 36000 s (limit 36000 s)", rules.ReasonFor(null, 0, TimeSpan.FromHours(10), 1), StringComparison.Ordinal);
        Assert.StartsWith("requests: 1000 (limit 1000)", rules.ReasonFor(null, 1000, TimeSpan.Zero, 1), StringComparison.Ordinal);
        Assert.Null(rules.ReasonFor(null, 899, TimeSpan.FromHours(8.99), 0.9));
        Assert.NotNull(rules.ReasonFor(null, 0, TimeSpan.FromHours(9), 0.9));
        Assert.NotNull(rules.ReasonFor(null, 900, TimeSpan.Zero, 0.9));
    }

    [Fact]
    public void Factor_IsByChance_AndWithinTheJitter()
    {
        var random = new Random(1);
        var factors = Enumerable.Range(0, 200).Select(_ => RecycleRules.Factor(0.1, random)).ToList();
        Assert.All(factors, factor => Assert.InRange(factor, 0.9, 1));
        Assert.True(factors.Max() - factors.Min() > 0.05);
        Assert.Equal(1, RecycleRules.Factor(0, random));
    }

    [Fact]
    public async Task Memory_IsMeasuredAsSaid()
    {
        // A process that does nothing more once it has answered. Its memory is partly shared, with whoever has libc.
        using var cat = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            await cat.StandardInput.WriteLineAsync("there");
            Assert.Equal("there", await cat.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
            var (proportional, resident) = (ProcessFigures.ProportionalMemory(cat.Id)!.Value, ProcessFigures.ResidentMemory(cat.Id)!.Value);
            Assert.InRange(proportional, 1, resident - 1);
            var limit = (proportional + resident) / 2;
            Assert.Null(ReasonFor(MemoryMeasure.Proportional, limit));
            Assert.StartsWith("memory: ", ReasonFor(MemoryMeasure.Resident, limit), StringComparison.Ordinal);
            Assert.StartsWith("memory: ", ReasonFor(MemoryMeasure.Proportional, proportional / 2), StringComparison.Ordinal);
        }
        finally
        {
            cat.Kill();
        }

        string? ReasonFor(MemoryMeasure measure, long most)
            => new RecycleRules(new RecyclingOptions { MaxMemory = most, MemoryMeasure = measure }, _time).ReasonFor(cat.Id, 0, TimeSpan.Zero, 1);
    }

    [Fact]
    public void TriggerFile_WrittenAgain_IsDueOnce()
    {
        var file = Path.GetTempFileName();
        try
        {
            var rules = new RecycleRules(new RecyclingOptions { TriggerFile = file }, _time);
            Assert.Null(rules.ReasonForAll());
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(1));
            Assert.Equal($"{file} was written", rules.ReasonForAll());
            Assert.Null(rules.ReasonForAll());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
