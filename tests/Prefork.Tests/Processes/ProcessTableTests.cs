using Prefork.Processes;

namespace Prefork.Tests.Processes;

public class ProcessTableTests
{
    private const int Worker = 100;
    private const long Start = 7;

    private static readonly ProcessEntry s_worker = new(Worker, 1, Worker, Start);
    private static readonly ProcessEntry s_child = new(101, Worker, Worker, 8);
    private static readonly ProcessEntry s_grandchild = new(102, 101, 102, 9);
    private static readonly ProcessEntry s_orphan = new(103, 1, Worker, 9);
    private static readonly ProcessEntry s_stranger = new(200, 1, 200, 1);

    [Fact]
    public void Descendants_AndTheGroup_AreItsTree()
        => Assert.Equal([101, 102, 103], Tree(s_worker, s_child, s_grandchild, s_orphan, s_stranger));

    [Fact]
    public void OfOneThatHasEnded_TheGroupIsLeft_WithWhatItStarted()
        => Assert.Equal([101, 102, 103], Tree(s_child with { Parent = 1 }, s_grandchild, s_orphan, s_stranger));

    /// <summary>The kernel does not give out a number that is a group's: whoever has the worker's number is not of it, nor are those around it.</summary>
    [Fact]
    public void WhenTheNumberIsSomebodyElses_NothingIsItsTree()
        => Assert.Empty(Tree(s_worker with { Start = 50 }, s_child with { Start = 51 }, s_orphan with { Start = 52 }));

    [Fact]
    public void OneOfWhichTheStartIsNotKnown_HasNoTreeButItsGroup()
    {
        Assert.Empty(new ProcessTable([s_worker, s_child]).TreeOf(Worker, null).Pids);
        Assert.Equal([103], new ProcessTable([s_orphan]).TreeOf(Worker, null).Pids);
    }

    [Fact]
    public void TheTableOfTheMachine_HasThisProcess()
    {
        var start = ProcessTable.Find(Environment.ProcessId)!.Value.Start;
        using var child = System.Diagnostics.Process.Start("sleep", "60");
        try
        {
            Assert.Contains(child.Id, ProcessTable.Read().TreeOf(Environment.ProcessId, start).Pids);
        }
        finally
        {
            child.Kill();
            child.WaitForExit();
        }

        Assert.Null(ProcessTable.Find(child.Id));
    }

    private static IEnumerable<int> Tree(params ProcessEntry[] all) => new ProcessTable(all).TreeOf(Worker, Start).Pids.Order();
}
