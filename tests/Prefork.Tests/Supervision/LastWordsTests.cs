using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

public class LastWordsTests
{
    [Fact]
    public void Of_AnExceptionOfDotNet_IsItsMessage()
        => Assert.Equal("Unhandled exception. System.InvalidOperationException: no table", LastWords.Find(
            ["starting", "Unhandled exception. System.InvalidOperationException: no table", " ---> System.IO.IOException: no disk", "   at Db.Open()", "   --- End of inner exception stack trace ---", "   at Program.Main()"])!.Text);

    [Fact]
    public void Of_AnErrorOfNode_IsItsMessage()
        => Assert.Equal("Error: connect ECONNREFUSED", LastWords.Find(
            ["/srv/app.js:3", "  throw error;", "  ^", "", "Error: connect ECONNREFUSED", "    at app.js:3:9 {", "  code: 'ECONNREFUSED'", "}", "", "Node.js v22.1.0"])!.Text);

    [Fact]
    public void Of_Words_IsTheLast() => Assert.Equal("bye", LastWords.Find(["hello", "bye"])!.Text);

    [Fact]
    public void Of_Nothing_IsNothing() => Assert.Null(LastWords.Find([]));
}
