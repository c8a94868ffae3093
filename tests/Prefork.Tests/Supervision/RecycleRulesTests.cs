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
